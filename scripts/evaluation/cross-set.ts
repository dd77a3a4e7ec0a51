/**
 * One set for cross-validation: every row is examined once, by contenders that have not seen its question.
 *
 * Each fold has its own router and, fitted to the same rows of the set, its own baselines. Together they
 * are one contender each: asked about a row it answers as the fold that left the row's question out. The
 * set's models, its pair and their mean costs come from all its rows, as they do for the release, so that
 * both tables compare the same models; that rule reads means only.
 */
import type { Manifest } from "../../router-models/manifest.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { acrossFolds } from "./across-folds.ts";
import { CONTENDERS, inOrder, learnedFrom, unlearned } from "./contenders.ts";
import type { ContendedSet } from "./prepare-set.ts";
import type { Forecasts } from "./router-scores.ts";
import { contenderInput, type RawSet } from "./set-contenders.ts";
import { setModels } from "./set-models.ts";

/** The router of one fold, and its forecasts of the rows left out and of their twins. */
export interface FoldRouter {
  readonly manifest: Manifest;
  readonly forecasts: Forecasts;
}

export interface CrossSetInput extends RawSet {
  readonly folds: readonly FoldRouter[];
  /** Which fold leaves a row, or its twin, out. */
  readonly foldOf: (row: OutcomeRow) => number;
}

/** Throws an Error where a fold leaves all rows out, or the routers share no model of the set. */
export function crossSet({ folds, foldOf, ...set }: CrossSetInput): ContendedSet {
  const { name, examined, twins } = set;
  const chosen = setModels(examined, set, (model) =>
    folds.every(({ manifest }) => Object.hasOwn(manifest.models, model)),
  );
  const inputs = folds.map((fold, k) => {
    const learnt = examined.filter((row) => foldOf(row) !== k);
    if (learnt.length === 0) throw new Error(`${name}: all its rows fall into one fold`);
    return contenderInput(chosen.models, { ...set, ...fold, learnt });
  });
  const router = acrossFolds(
    inputs.map((input) => input.router),
    examined,
    foldOf,
  );
  const learned = inputs.map(learnedFrom);
  const shared = CONTENDERS.filter((contender) => learned.every((made) => contender in made));
  const together = shared.map((contender) => {
    const made = learned.map((ofFold) => ofFold[contender]!);
    return [contender, acrossFolds(made, examined, foldOf)];
  });
  return {
    ...chosen,
    name,
    examined,
    twins,
    trainRows: examined.length,
    costOf: inputs[0]!.costOf,
    contenders: inOrder({
      ...Object.fromEntries(together),
      ...unlearned({ ...inputs[0]!, router }),
    }),
  };
}
