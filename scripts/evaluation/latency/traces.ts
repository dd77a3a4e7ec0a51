/**
 * Traces of calls, as series that a latency forecast can be held against: one model, in order of time.
 *
 * Two kinds of CSV are read. One has measured latencies (`latency_s`, whole calls, one after another, each
 * model a series). The other has arrivals and lengths only (`arrival_s` or `arrival_ms`); its times come
 * from a simulated vendor (simulated-calls.ts), and the series says so. Anything else is refused: a trace
 * without latencies and without arrivals has nothing to say here.
 *
 * Some of the measured calls bear the second in which they were stored. Since they were made one after
 * another, a call begins when its stamp says or when the one before has ended, whichever is later. No
 * trace has prompts, so the router's length forecast is stood in for by the median of the lengths seen so
 * far in the same set.
 */
import { basename } from "node:path";
import { z } from "zod";
import type { LatencyPrior } from "../../../worker/routing/latency.ts";
import { parseCsv, type CsvRecord } from "../../dataset/importers/csv.ts";
import { linesOf } from "../../dataset/lines.ts";
import type { Arrival, Series, TracedCall } from "./series.ts";
import { simulateCalls } from "./simulated-calls.ts";

/** Before anything has been seen of a set. */
const FIRST_GUESS_TOKENS = 250;

const measuredRow = z.object({
  dataset: z.string(),
  model: z.string().min(1),
  prompt_chars: z.coerce.number().nonnegative(),
  output_tokens: z.coerce.number().nonnegative(),
  latency_s: z.coerce.number().positive(),
  timestamp: z.string().transform((text) => Date.parse(`${text} UTC`)),
});

const arrivalRow = z.object({
  arrival_s: z.coerce.number().nonnegative().optional(),
  arrival_ms: z.coerce.number().nonnegative().optional(),
  input_tokens: z.coerce.number().nonnegative(),
  output_tokens: z.coerce.number().nonnegative(),
});

/** The series of a file, plain or gzipped. Throws an Error that names the file, and the line at fault. */
export async function readTrace(
  path: string,
  { prior, seed }: { prior: LatencyPrior; seed: number },
): Promise<Series[]> {
  const lines: string[] = [];
  for await (const { text } of linesOf(path)) lines.push(text);
  const records = parseCsv(lines.join("\n"), path);
  const columns = records[0]?.cells;
  if (columns?.has("latency_s") === true)
    return measuredSeries(rowsOf(records, path, measuredRow), prior);
  if (columns?.has("arrival_s") === true || columns?.has("arrival_ms") === true) {
    const name = basename(path).replace(/\.csv(\.gz)?$/u, "");
    const arrivals = arrivalsOf(rowsOf(records, path, arrivalRow));
    return [{ name, isMeasured: false, prior, calls: simulateCalls(arrivals, { prior, seed }) }];
  }
  throw new Error(
    `${path}: has neither latencies (latency_s) nor arrivals (arrival_s, arrival_ms)`,
  );
}

function rowsOf<S extends z.ZodType>(
  records: readonly CsvRecord[],
  path: string,
  schema: S,
): z.output<S>[] {
  return records.map(({ line, cells }) => {
    const parsed = schema.safeParse(Object.fromEntries(cells));
    if (parsed.success) return parsed.data;
    const { path: column, message } = parsed.error.issues[0]!;
    throw new Error(`${path}:${line}: ${column.map(String).join(".")}: ${message}`);
  });
}

function measuredSeries(
  rows: readonly z.output<typeof measuredRow>[],
  prior: LatencyPrior,
): Series[] {
  return [...Map.groupBy(rows, ({ model }) => model)].map(([name, own]) => {
    const guess = new LengthGuess();
    let endMs = 0;
    const calls = own
      .toSorted((a, b) => a.timestamp - b.timestamp)
      .map((row): TracedCall => {
        const totalMs = row.latency_s * 1_000;
        const startMs = Math.max(row.timestamp, endMs);
        endMs = startMs + totalMs;
        const expectedTokens = guess.next(row.dataset, row.output_tokens);
        const inputTokens = Math.ceil(row.prompt_chars / 4);
        return { startMs, inputTokens, outputTokens: row.output_tokens, expectedTokens, totalMs };
      });
    return { name, isMeasured: true, prior, calls };
  });
}

function arrivalsOf(rows: readonly z.output<typeof arrivalRow>[]): Arrival[] {
  const guess = new LengthGuess();
  return rows
    .map((row) => ({ ...row, startMs: row.arrival_ms ?? (row.arrival_s ?? 0) * 1_000 }))
    .toSorted((a, b) => a.startMs - b.startMs)
    .map(({ startMs, input_tokens: inputTokens, output_tokens: outputTokens }) => {
      return { startMs, inputTokens, outputTokens, expectedTokens: guess.next("", outputTokens) };
    });
}

/** The median of what came before, set by set. */
class LengthGuess {
  readonly #seen = new Map<string, number[]>();

  /** The guess for the next answer of a set, which then turns out to have `outputTokens`. */
  next(set: string, outputTokens: number): number {
    const sorted = this.#seen.get(set) ?? [];
    this.#seen.set(set, sorted);
    const guess = sorted[Math.floor(sorted.length / 2)] ?? FIRST_GUESS_TOKENS;
    const at = sorted.findIndex((length) => length >= outputTokens);
    sorted.splice(at < 0 ? sorted.length : at, 0, outputTokens);
    return guess;
  }
}
