/**
 * A row that came from somebody else's evaluation files.
 *
 * Such rows are there to compare with published numbers, so they are all of the valid split, which no
 * training reads, and they carry the mark of where they came from. The mark stays on the row wherever it
 * is copied to.
 */
import { OutcomeFileError, type OutcomeRow } from "../outcome-file.ts";
import { gidOfPrompt } from "../split.ts";

export const FORMATS = ["routellm", "routerbench", "llmrouterbench"] as const;

export type Format = (typeof FORMATS)[number];

/** Must never be trained on. */
export interface ImportedRow extends OutcomeRow {
  readonly split: "valid";
  readonly imported: Format;
}

/** A file's text with its path, which messages name. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** What an importer reads of a row; the rest follows. */
export type Imported = Pick<OutcomeRow, "id" | "dataset" | "prompt" | "scores"> &
  Partial<Pick<OutcomeRow, "category" | "cost_usd" | "in_tokens" | "out_tokens">>;

export function importedRow(row: Imported, imported: Format): ImportedRow {
  return { ...row, gid: gidOfPrompt(row.prompt), split: "valid", imported };
}

/** The number in a cell or field. Throws OutcomeFileError where it is none, or not within 0 and `most`. */
export function numberAt(value: unknown, place: string, most = 1): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && number >= 0 && number <= most) return number;
  const what = most === Infinity ? "a number from 0" : `a number from 0 to ${most}`;
  throw new OutcomeFileError(
    `${place}: must be ${what} (is ${JSON.stringify(value) ?? "missing"})`,
  );
}

/** The lines of a JSON Lines text that are not blank, parsed. Throws OutcomeFileError for one that is not JSON. */
export function jsonLines({ path, text }: SourceText): { place: string; value: unknown }[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const place = `${path}:${i + 1}`;
    return [{ place, value: parseJson(line, place) }];
  });
}

/** Throws OutcomeFileError where the text is not JSON. */
export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new OutcomeFileError(`${place}: not JSON`, { cause });
  }
}
