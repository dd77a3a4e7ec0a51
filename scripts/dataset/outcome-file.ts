/**
 * Reads outcome files: a prompt with the quality that several models reached on it, one JSON object per
 * line, plain (`.jsonl`) or gzipped (`.jsonl.gz`), or one row of a Parquet file (`.parquet`).
 *
 * Whatever Sluice trains on or is judged by comes in here. Fields that nobody here knows pass through
 * unread; fields that are known are held to their type and range, because a score of 7 or a price of
 * "0.3" would bend a router without a sound. Every complaint names file, line and field. What a row may
 * leave out is filled in once, here: `gid`, `split` and `dataset` are always present afterwards.
 *
 * Names are those of the file format, so a field is called the same in the data, in its documentation
 * and in the code. Rows are streamed; nothing is kept but a hash of each id seen.
 */
import { basename } from "node:path";
import { z } from "zod";
import { linesOf } from "./lines.ts";
import { parquetRows } from "./parquet.ts";
import { SeenIds } from "./seen-ids.ts";
import { gidOfPrompt, splitOfGid } from "./split.ts";

const amounts = z.record(z.string().min(1), z.number().nonnegative()).optional();

const rowSchema = z.object({
  id: z.string().min(1),
  dataset: z.string().min(1).optional(),
  category: z.string().optional(),
  prompt: z.string().regex(/\S/u, "is blank"),
  scores: z
    .record(z.string().min(1), z.number().min(0).max(1))
    .refine((scores) => Object.keys(scores).length > 0, "name at least one model"),
  gid: z.string().min(1).optional(),
  split: z.enum(["train", "valid"]).optional(),
  cost_usd: amounts,
  in_tokens: amounts,
  out_tokens: amounts,
  out_chars: amounts,
  latency_s: amounts,
});

type ParsedRow = z.output<typeof rowSchema>;

/** One question with its outcomes. Maps go from model to number and may cover fewer models than `scores`. */
export interface OutcomeRow extends Omit<ParsedRow, "dataset" | "gid" | "split"> {
  /** Name of the set; the file's name where the row gives none. */
  readonly dataset: string;
  /** Equal for the same question in any set. */
  readonly gid: string;
  readonly split: "train" | "valid";
}

export interface ReadOptions {
  /** The models that rows may name, where others are mistakes. */
  readonly models?: ReadonlySet<string> | undefined;
  /** Called for each row that is refused, which is then left out; without it the first one is thrown. */
  readonly onBadRow?: (error: OutcomeFileError) => void;
}

/** A row that cannot be used; the message says where and why. */
export class OutcomeFileError extends Error {
  override readonly name = "OutcomeFileError";
}

/** Rows in file order. Throws OutcomeFileError for a bad row, and an Error for a file that cannot be read to its end. */
export async function* readOutcomes(
  path: string,
  { onBadRow, models }: ReadOptions = {},
): AsyncGenerator<OutcomeRow> {
  const dataset = datasetOfPath(path);
  const seen = new SeenIds();
  let number = 0;
  for await (const { place, value } of valuesOf(path)) {
    number++;
    try {
      const row = parseRow(value());
      expectListed(row, models);
      const earlier = seen.rowOrRemember(row.id, number);
      if (earlier !== undefined)
        await expectNew(row, { path, earlier, isSkipping: onBadRow !== undefined });
      yield completeRow(row, dataset);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const refusal = new OutcomeFileError(`${place}: ${error.message}`, { cause: error });
      if (onBadRow === undefined) throw refusal;
      onBadRow(refusal);
    }
  }
}

/** The name of a set that its rows do not name: that of its file. */
export function datasetOfPath(path: string): string {
  return basename(path).replace(/(\.jsonl|\.parquet)?(\.gz)?$/u, "");
}

/** All rows of the files, in order. Throws as `readOutcomes` does, and for a file without any usable row. */
export async function loadOutcomes(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<OutcomeRow[]> {
  const rows: OutcomeRow[] = [];
  for (const path of paths) {
    const before = rows.length;
    for await (const row of readOutcomes(path, options)) rows.push(row);
    if (rows.length === before) throw new Error(`${path}: no usable outcome row`);
  }
  return rows;
}

interface RawRow {
  readonly place: string;
  /** Throws where there is no value. */
  readonly value: () => unknown;
}

async function* valuesOf(path: string): AsyncGenerator<RawRow> {
  if (path.endsWith(".parquet"))
    for await (const { value, place } of parquetRows(path, Object.keys(rowSchema.shape)))
      yield { place, value: () => withJsonRead(value) };
  else
    for await (const { text, place } of linesOf(path))
      yield { place, value: () => parseJson(text) };
}

/**
 * Throws if the row that seems to have the same id really has it, which is read again because a file's
 * ids are not kept. Who skips bad rows may meet many, so there the hash is believed.
 */
async function expectNew(
  { id }: ParsedRow,
  { path, earlier, isSkipping }: { path: string; earlier: number; isSkipping: boolean },
): Promise<void> {
  if (isSkipping) throw new Error(`id: "${id}" is taken by row ${earlier}`);
  let number = 0;
  for await (const { place, value } of valuesOf(path)) {
    if (++number < earlier) continue;
    if (parseRow(value()).id === id) throw new Error(`id: "${id}" is taken by ${place}`);
    return;
  }
}

const MAPS = ["scores", "cost_usd", "in_tokens", "out_tokens", "out_chars", "latency_s"];

function withJsonRead(row: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      MAPS.includes(name) && typeof value === "string" ? parseJson(value) : value,
    ]),
  );
}

function expectListed({ scores }: ParsedRow, models: ReadonlySet<string> | undefined): void {
  const stranger = models && Object.keys(scores).find((model) => !models.has(model));
  if (stranger !== undefined) throw new Error(`scores.${stranger}: not in the list of models`);
}

function parseRow(value: unknown): ParsedRow {
  const parsed = rowSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.map(String).join(".") || "row";
  const input = issue.input === undefined ? "missing" : JSON.stringify(issue.input);
  throw new Error(`${field}: ${issue.message} (is ${clip(input)})`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`row: not a JSON object (is ${clip(text)})`);
  }
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function completeRow(row: ParsedRow, dataset: string): OutcomeRow {
  const gid = row.gid ?? gidOfPrompt(row.prompt);
  return {
    ...row,
    dataset: row.dataset ?? dataset,
    gid,
    split: row.split ?? splitOfGid(gid),
  };
}
