/**
 * On which side of the train/valid line a question falls.
 *
 * The line is drawn by a hash of the question and never by a draw, so a question is on the same side in
 * every set, on every machine and after every reordering of a file. A row that carries a `gid` is placed
 * by it; a row without one gets a gid first, the hash of its normalised prompt, so two rows that ask the
 * same thing stay together. A `split` that the file states is never overruled.
 */
import { createHash } from "node:crypto";

/** Share of questions held back. */
const VALID_SHARE = 0.13;

export type Split = "train" | "valid";

/** 12 hex digits, equal for prompts that differ only in case, width and spacing. */
export function gidOfPrompt(prompt: string): string {
  const normalised = prompt.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
  return createHash("sha256").update(normalised).digest("hex").slice(0, 12);
}

/** The side of the question with this gid; about 13 % are "valid". */
export function splitOfGid(gid: string): Split {
  const unit = createHash("sha256").update(`split:${gid}`).digest().readUInt32BE(0) / 2 ** 32;
  return unit < VALID_SHARE ? "valid" : "train";
}
