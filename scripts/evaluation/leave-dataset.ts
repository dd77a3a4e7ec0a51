/**
 * Leave one set out: how a router does on traffic of which it has seen nothing.
 *
 * For each set a router is trained on the training rows of all others and asked about the valid rows of
 * the one left out. It is not a release that is judged then, but the way in which releases are made.
 * Baselines learn from the very same rows. Questions stand in several sets, so it is checked first that
 * none of those examined is learnt. Sets of like content can be left out together, so that a router meets
 * mathematics, say, that it has met nowhere else.
 *
 * Training a fold takes minutes. Who trains it, and whether it was kept from an earlier run, is the
 * caller's business.
 */
import type { Release } from "../../router-models/release.ts";
import { assertDisjoint } from "../dataset/pool.ts";
import { featureReader } from "./baselines/row-features.ts";
import { examineEach, examineForeign, type Examination, type Examined } from "./examine.ts";
import { trainingRows, type LoadedSet } from "./loaded-set.ts";
import { gapRows, learnGaps } from "./transfer.ts";

export interface LeaveDatasetInput extends Examination {
  readonly sets: readonly LoadedSet[];
  /** Names: the first of each list is examined, none of the list is learnt. Each set alone where left out. */
  readonly leave?: readonly (readonly string[])[] | undefined;
  /** Rows of the hashed bags that the baselines read, a power of two. */
  readonly tableRows: number;
  /** A router trained on the training rows of these sets; `leftOut` is the set they leave out. */
  readonly train: (sets: readonly LoadedSet[], leftOut: string) => Promise<Release>;
}

/** Rejects for a name of no set, for a question on both sides, and where no set can be made ready. */
export async function examineLeftOut(input: LeaveDatasetInput): Promise<Examined> {
  const { sets, prices, tableRows } = input;
  const folds = (input.leave ?? sets.map(({ name }) => [name])).map((names) => foldOf(names, sets));
  for (const { examined, learnt } of folds) {
    const valid = examined.rows.filter(({ split }) => split === "valid");
    assertDisjoint(trainingRows(learnt), valid);
  }
  const features = featureReader(tableRows);
  return examineEach(folds, async ({ examined, learnt, name }) => {
    const gaps = learnGaps(
      learnt.map((set) => gapRows(trainingRows([set]), { name: set.name, prices })),
      features,
    );
    const release = await input.train(learnt, name);
    return examineForeign(examined, { release, gaps, features }, input);
  });
}

interface Fold {
  readonly name: string;
  readonly examined: LoadedSet;
  readonly learnt: readonly LoadedSet[];
}

function foldOf(names: readonly string[], sets: readonly LoadedSet[]): Fold {
  const leftOut = names.map((name) => {
    const set = sets.find((known) => known.name === name);
    if (set === undefined) throw new Error(`Cannot leave out "${name}": there is no such set`);
    return set;
  });
  const learnt = sets.filter((set) => !leftOut.includes(set));
  if (learnt.length === 0) throw new Error("Leaving a set out takes another one to learn from");
  return { name: names.join("+"), examined: leftOut[0]!, learnt };
}
