/**
 * A release on imported files: sets that it never learnt, under somebody else's protocol.
 *
 * All rows are examined. The router's models are placed by their means over these very rows, one number
 * each, which says who is the strong one and nothing about any prompt. The baselines learn the gaps of
 * the sets that the release learnt. Rows that ask a question which is learnt from are left out first,
 * because public benchmarks share many: those of equal gid, or of equal prompt with or without the lines
 * of its options.
 */
import type { Release } from "../../router-models/release.ts";
import type { ImportedSet } from "../dataset/importers/import-files.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { gidOfPrompt } from "../dataset/split.ts";
import { featureReader } from "./baselines/row-features.ts";
import { examineEach, examineForeign, type Examination, type Examined } from "./examine.ts";
import { trainingRows, type LoadedSet } from "./loaded-set.ts";
import { gapRows, learnGaps } from "./transfer.ts";

export interface ImportedInput extends Examination {
  readonly release: Release;
  /** Sets to learn from, such as those of the release. */
  readonly learnt: readonly LoadedSet[];
}

/** `leaked` counts the rows left out. Rejects where no set can be made ready. */
export async function examineImported(
  sets: readonly ImportedSet[],
  input: ImportedInput,
): Promise<Examined & { readonly leaked: number }> {
  const { release, learnt, prices } = input;
  const features = featureReader(release.manifest.features.tableRows);
  const gaps = learnGaps(
    learnt.map((set) => gapRows(trainingRows([set]), { name: set.name, prices })),
    features,
  );
  const questions = new Set(trainingRows(learnt).flatMap(gidsOf));
  let leaked = 0;
  const examined = await examineEach(sets, ({ name, rows }) => {
    const clean = rows.filter((row) => !gidsOf(row).some((gid) => questions.has(gid)));
    leaked += rows.length - clean.length;
    return examineForeign({ name, rows: clean }, { release, gaps, features }, input);
  });
  return { ...examined, leaked };
}

/** The line on which a multiple choice begins. */
const FIRST_OPTION = /\n\s*\(?A[.)]\s/u;

function gidsOf({ gid, prompt }: OutcomeRow): string[] {
  const [stem = ""] = prompt.split(FIRST_OPTION);
  return [gid, gidOfPrompt(prompt), gidOfPrompt(stem)];
}
