/**
 * Records of events, line by line, each held against its schema. A line that is none is counted and named, because one
 * damaged file must not keep the router from learning from all others; who wants every line gives no `onBad`.
 */
import { logRecordSchema, type LogRecord } from "../../worker/domain/event.ts";
import { linesOf, rowOf, type Line } from "../dataset/lines.ts";

/** A decision with features and a hundred candidates has less than a tenth of it. */
const MAX_LINE_CHARS = 1 << 20;
/** How many complaints are kept as texts. */
const NAMED = 5;

/** What could not be read. */
export class BadLines {
  count = 0;
  /** The first few. */
  readonly named: string[] = [];

  add(why: string): void {
    if (this.count++ < NAMED) this.named.push(why);
  }
}

/** In the order of files and lines. @param bad Counts what cannot be read; without it the first such line is thrown. */
export async function* recordsOf(
  paths: readonly string[],
  bad?: BadLines,
): AsyncGenerator<LogRecord> {
  for (const path of paths)
    try {
      for await (const line of linesOf(path)) {
        const record = readLine(line, bad);
        if (record !== undefined) yield record;
      }
    } catch (error) {
      // What is read of a file that breaks off counts.
      if (bad === undefined || !(error instanceof Error)) throw error;
      bad.add(error.message);
    }
}

function readLine(line: Line, bad: BadLines | undefined): LogRecord | undefined {
  try {
    if (line.text.length > MAX_LINE_CHARS)
      throw new Error(`${line.place}: longer than ${MAX_LINE_CHARS} characters`);
    return rowOf(line, logRecordSchema);
  } catch (error) {
    if (bad === undefined || !(error instanceof Error)) throw error;
    bad.add(error.message);
    return undefined;
  }
}
