/**
 * The models of one set and who contends on it: what prepare-set.ts counts.
 *
 * Which rows are learnt and which are examined is the caller's to say and looked up nowhere else. Models
 * are chosen by the rows learnt. A set is foreign where the router learnt nothing from it: what the
 * baselines know of it then comes from the gaps of other sets (transfer.ts).
 */
import type { Manifest } from "../../router-models/manifest.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import type { FeatureReader } from "./baselines/row-features.ts";
import { ownContenders, type ContenderInput } from "./contenders.ts";
import { choosePair, type ModelSummary } from "./pair.ts";
import type { ContendedSet } from "./prepare-set.ts";
import { routerEstimator, type Forecasts } from "./router-scores.ts";
import { costsIn, pricesIn, setModels, type SetModels, type SetPrices } from "./set-models.ts";
import { foreignContenders, type GapBaselines } from "./transfer.ts";

/** A set before anybody has learnt it. */
export interface RawSet extends SetPrices {
  readonly examined: readonly OutcomeRow[];
  /** The rows examined with their prompts typed carelessly. */
  readonly twins?: ReadonlyMap<OutcomeRow, OutcomeRow>;
  readonly features: FeatureReader;
  /** Of the random and the shuffled control. */
  readonly seed: number;
}

export interface SetInput extends RawSet {
  /** Of this set; where it is foreign, known by their means alone. */
  readonly learnt: readonly OutcomeRow[];
  /** The router's forecasts of the rows examined and of their twins. */
  readonly forecasts: Forecasts;
  readonly manifest: Manifest;
  /** What was learnt from other sets; given for a foreign set. */
  readonly gaps?: GapBaselines;
}

/** Throws an Error where the set has no row to learn or to examine, or no model that the router knows. */
export function contend(input: SetInput): ContendedSet {
  const { name, learnt, examined, manifest, gaps } = input;
  if ((learnt.length === 0 && gaps === undefined) || examined.length === 0)
    throw new Error(
      `${name}: ${learnt.length} train and ${examined.length} valid rows; both are needed`,
    );
  const chosen =
    gaps === undefined
      ? setModels(learnt, input, (model) => Object.hasOwn(manifest.models, model))
      : foreignModels(input);
  const known = contenderInput(chosen.models, input);
  return {
    ...chosen,
    name,
    examined,
    twins: input.twins,
    trainRows: learnt.length,
    costOf: known.costOf,
    contenders:
      gaps === undefined ? ownContenders(known) : foreignContenders(known, chosen.models, gaps),
  };
}

/** The models of a foreign set: by its training rows, or by all rows where none are for training. */
export function foreignModels(set: SetPrices & Pick<SetInput, "learnt" | "examined">): SetModels {
  return setModels(set.learnt.length > 0 ? set.learnt : set.examined, set, () => true);
}

/** What contenders are made of, the router among them. */
export function contenderInput(
  models: readonly ModelSummary[],
  { learnt: train, examined, forecasts, manifest, features, seed, gaps, ...list }: SetInput,
): ContenderInput {
  const meanCosts = new Map(models.map(({ model, costUsd }) => [model, costUsd ?? NaN]));
  // A model that is placed has no lengths of its own, so nothing is known of its costs but the mean.
  const costs =
    gaps === undefined
      ? { manifest, priceOf: pricesIn(train, list), meanCosts }
      : { manifest: { ...manifest, models: {} }, priceOf: () => undefined, meanCosts };
  return {
    train,
    examined,
    models: askedModels(models),
    router: routerEstimator(forecasts, costs),
    meanCosts,
    costOf: costsIn(list),
    features,
    seed,
  };
}

/** Those of the pair and those with costs: the router alone is asked about the others. */
function askedModels(models: readonly ModelSummary[]): string[] {
  const pair = choosePair(models);
  const paired = pair === undefined ? [] : [pair.strong.model, pair.weak.model];
  const priced = models.filter(({ costUsd }) => costUsd !== undefined).map(({ model }) => model);
  return [...new Set([...paired, ...priced])];
}
