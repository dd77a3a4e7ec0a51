/** Rows of outcomes made up for tests. */
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";

let made = 0;

/** A training row of the set "quiz" with an id and a gid of its own, save what is given. */
export function outcomeRow(given: Partial<OutcomeRow> & Pick<OutcomeRow, "scores">): OutcomeRow {
  const id = `quiz/${made++}`;
  return { id, gid: id, dataset: "quiz", split: "train", prompt: "Why?", ...given };
}
