/**
 * The log: one JSON object per line and event, the only place that writes to the console.
 *
 * Fields are numbers, flags and short identifiers. Neither prompts nor answers nor keys belong in a log
 * line, so the type admits no nested values, and long strings are cut: a message that quotes what it
 * should not is at least short. The keys `level` and `event` cannot be overwritten.
 */

const LEVELS = ["debug", "info", "warn", "error"] as const;

type LogLevel = (typeof LEVELS)[number];

type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** Writes one line if `level` is at or above the log's. Never throws. */
  write(level: LogLevel, event: string, fields?: LogFields): void;
}

const MAX_STRING_LENGTH = 500;

/** A log from `level` upwards. @param print Takes one line; the console when left out. */
export function createLog(level: LogLevel, print: (line: string) => void = printToConsole): Log {
  const least = LEVELS.indexOf(level);
  return {
    write(lineLevel, event, fields = {}) {
      if (LEVELS.indexOf(lineLevel) < least) return;
      print(JSON.stringify({ ...fields, level: lineLevel, event }, shorten));
    },
  };
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= MAX_STRING_LENGTH) return value;
  return `${value.slice(0, MAX_STRING_LENGTH)}…`;
}

function printToConsole(line: string): void {
  console.log(line);
}
