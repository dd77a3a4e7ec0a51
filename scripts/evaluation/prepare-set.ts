/**
 * One set made ready: everything that a resample of its valid rows needs, computed once.
 *
 * The router, the baselines and the controls give their opinions here, before any outcome of a valid row
 * is looked at, and the models, the pair and the priced models are chosen on training rows. What is left
 * for the metrics is to count.
 *
 * Rows without a score of each model in question are left out of the metric, so all routers compared
 * answer the same rows. A set is foreign where the router learnt nothing from it (transfer.ts).
 */
import type { Manifest } from "../../router-models/manifest.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import type { FeatureReader } from "./baselines/row-features.ts";
import { sortByRouting, type PairRow } from "./call-share.ts";
import {
  ownContenders,
  type Contender,
  type ContenderInput,
  type Contenders,
} from "./contenders.ts";
import type { Estimator } from "./controls.ts";
import type { PriceSources } from "./costs.ts";
import {
  always,
  costRange,
  lambdasFor,
  sweep,
  zeroRouterModels,
  type OfferedRow,
  type Setting,
} from "./frontier.ts";
import { choosePair, type ModelPair, type ModelSummary } from "./pair.ts";
import { reliabilitySums, type ReliabilitySums } from "./reliability.ts";
import { routerEstimator, type Forecasts } from "./router-scores.ts";
import { costsIn, pricesIn, setModels, type CostOf, type SetModels } from "./set-models.ts";
import { foreignContenders, type GapBaselines } from "./transfer.ts";

export interface SetInput {
  readonly name: string;
  /** Rows of both splits. */
  readonly rows: readonly OutcomeRow[];
  /** The router's forecasts of the valid rows and of their twins. */
  readonly forecasts: Forecasts;
  readonly manifest: Manifest;
  readonly prices: PriceSources;
  readonly features: FeatureReader;
  /** Of the random and the shuffled control. */
  readonly seed: number;
  /** What was learnt from other sets; given for a foreign set. */
  readonly gaps?: GapBaselines;
  /** Valid rows with their prompts typed carelessly. */
  readonly twins?: ReadonlyMap<OutcomeRow, OutcomeRow>;
}

/** Whether a row's model would change at the threshold that sends half of the rows to the strong one. */
export interface Flip {
  readonly row: number;
  readonly hasFlipped: boolean;
}

export interface PreparedPair extends ModelPair {
  /** In the order of call-share.ts, per contender. */
  readonly rowsOf: ReadonlyMap<Contender, readonly PairRow[]>;
  /** Of the contenders that read prompts; empty without twins. */
  readonly flipsOf: ReadonlyMap<Contender, readonly Flip[]>;
}

export interface PreparedFrontier {
  readonly models: readonly ModelSummary[];
  /** Settings per contender, and those of the single models, in the order of `models`. */
  readonly settingsOf: ReadonlyMap<Contender, readonly Setting[]>;
  readonly singles: readonly Setting[];
  /** Indices into `singles`. */
  readonly zeroRouter: readonly number[];
  readonly bestSingle: number;
  readonly range: { readonly from: number; readonly to: number };
  readonly rowCount: number;
}

export interface PreparedSet extends SetModels {
  readonly name: string;
  readonly valid: readonly OutcomeRow[];
  readonly trainRows: number;
  /** Undefined where no two models differ. */
  readonly pair: PreparedPair | undefined;
  /** Undefined where fewer than two models have costs. */
  readonly frontier: PreparedFrontier | undefined;
  readonly reliability: ReliabilitySums;
}

/** Throws an Error where the set has no train or no valid rows, or no model that the router knows. */
export function prepareSet(input: SetInput): PreparedSet {
  const { name, rows, manifest, gaps } = input;
  const train = rows.filter(({ split }) => split === "train");
  const valid = rows.filter(({ split }) => split === "valid");
  if ((train.length === 0 && gaps === undefined) || valid.length === 0)
    throw new Error(
      `${name}: ${train.length} train and ${valid.length} valid rows; both are needed`,
    );
  const { models, leftOut } =
    gaps === undefined
      ? setModels(train, input, (model) => Object.hasOwn(manifest.models, model))
      : foreignModels(input);
  const contenders = makeContenders({ train, valid, models }, input);
  return {
    name,
    valid,
    trainRows: train.length,
    models,
    leftOut,
    pair: preparePair(valid, models, { contenders, twins: input.twins }),
    frontier: prepareFrontier(valid, { models, contenders, costOf: costsIn(input) }),
    reliability: reliabilitySums(predictions(valid, models, contenders.get("router")!)),
  };
}

/** The models of a foreign set: by its training rows, or by all rows where none are for training. */
export function foreignModels(
  set: Pick<SetInput, "name" | "rows" | "prices">,
): ReturnType<typeof setModels> {
  const train = set.rows.filter(({ split }) => split === "train");
  return setModels(train.length > 0 ? train : set.rows, set, () => true);
}

interface SplitSet {
  readonly train: readonly OutcomeRow[];
  readonly valid: readonly OutcomeRow[];
  readonly models: readonly ModelSummary[];
}

function makeContenders({ train, valid, models }: SplitSet, input: SetInput): Contenders {
  const { forecasts, manifest, features, seed, gaps } = input;
  const meanCosts = new Map(models.map(({ model, costUsd }) => [model, costUsd ?? NaN]));
  // A model that is placed has no lengths of its own, so nothing is known of its costs but the mean.
  const costs =
    gaps === undefined
      ? { manifest, priceOf: pricesIn(train, input), meanCosts }
      : { manifest: { ...manifest, models: {} }, priceOf: () => undefined, meanCosts };
  const shared: ContenderInput = {
    train,
    valid,
    models: askedModels(models),
    router: routerEstimator(forecasts, costs),
    meanCosts,
    costOf: costsIn(input),
    features,
    seed,
  };
  return gaps === undefined ? ownContenders(shared) : foreignContenders(shared, models, gaps);
}

/** Those of the pair and those with costs: the router alone is asked about the others. */
function askedModels(models: readonly ModelSummary[]): string[] {
  const pair = choosePair(models);
  const paired = pair === undefined ? [] : [pair.strong.model, pair.weak.model];
  const priced = models.filter(({ costUsd }) => costUsd !== undefined).map(({ model }) => model);
  return [...new Set([...paired, ...priced])];
}

/** Contenders whose opinion depends on how a prompt is typed. */
const READERS: readonly Contender[] = ["router", "ridge", "knn", "statistics", "length"];

function preparePair(
  valid: readonly OutcomeRow[],
  models: readonly ModelSummary[],
  { contenders, twins }: { contenders: Contenders; twins: SetInput["twins"] },
): PreparedPair | undefined {
  const pair = choosePair(models);
  if (pair === undefined) return undefined;
  const [weakModel, strongModel] = [pair.weak.model, pair.strong.model];
  function gap(estimator: Estimator, row: OutcomeRow): number {
    return estimator.quality(row, strongModel) - estimator.quality(row, weakModel);
  }
  const rowsOf = new Map<Contender, readonly PairRow[]>();
  const flipsOf = new Map<Contender, readonly Flip[]>();
  for (const [name, estimator] of contenders) {
    const rows = valid.flatMap((row, place): PairRow[] => {
      const [weak, strong] = [row.scores[weakModel], row.scores[strongModel]];
      if (weak === undefined || strong === undefined) return [];
      return [{ row: place, routing: gap(estimator, row), weak, strong }];
    });
    const sorted = sortByRouting(rows);
    rowsOf.set(name, sorted);
    if (twins === undefined || !READERS.includes(name)) continue;
    const half = sorted[sorted.length >> 1]?.routing ?? NaN;
    const flips = sorted.map(({ row, routing }) => {
      const again = gap(estimator, twins.get(valid[row]!)!);
      return { row, hasFlipped: routing >= half !== again >= half };
    });
    flipsOf.set(name, flips);
  }
  return { ...pair, rowsOf, flipsOf };
}

interface FrontierInput {
  readonly models: readonly ModelSummary[];
  readonly contenders: Contenders;
  readonly costOf: CostOf;
}

function prepareFrontier(
  valid: readonly OutcomeRow[],
  { models: all, contenders, costOf }: FrontierInput,
): PreparedFrontier | undefined {
  const models = all.filter(({ costUsd }) => costUsd !== undefined);
  if (models.length < 2) return undefined;
  const offers = new Map(
    [...contenders].map(([name, estimator]) => [
      name,
      valid.flatMap((row, place) => offer({ row, place, models, estimator, costOf })),
    ]),
  );
  const rows = offers.get("router")!;
  if (rows.length === 0) return undefined;
  const points = models.map(({ quality, costUsd }) => ({ quality, cost: costUsd! }));
  const lambdas = lambdasFor(Math.max(...points.map(({ cost }) => cost)));
  const best = models.toSorted((a, b) => b.quality - a.quality || a.costUsd! - b.costUsd!)[0]!;
  return {
    models,
    settingsOf: new Map([...offers].map(([name, offered]) => [name, sweep(offered, lambdas)])),
    singles: models.map((_, m) => always(rows, m)),
    zeroRouter: zeroRouterModels(points),
    bestSingle: models.indexOf(best),
    range: costRange(rows),
    rowCount: rows.length,
  };
}

interface Offer {
  readonly row: OutcomeRow;
  readonly place: number;
  readonly models: readonly ModelSummary[];
  readonly estimator: Estimator;
  readonly costOf: CostOf;
}

/** One row's offer, or none where a model's score or cost is missing. */
function offer({ row, place, models, estimator, costOf }: Offer): OfferedRow[] {
  const actual = models.flatMap(({ model }) => {
    const [quality, costUsd] = [row.scores[model], costOf(row, model)];
    return quality === undefined || costUsd === undefined ? [] : [{ quality, costUsd }];
  });
  if (actual.length < models.length) return [];
  const expected = models.map(({ model }) => ({
    quality: estimator.quality(row, model),
    costUsd: estimator.costUsd(row, model),
  }));
  return [{ row: place, expected, actual }];
}

function predictions(
  valid: readonly OutcomeRow[],
  models: readonly ModelSummary[],
  router: Estimator,
) {
  return valid.flatMap((row, place) =>
    models.flatMap(({ model }) => {
      const outcome = row.scores[model];
      if (outcome === undefined) return [];
      return [{ row: place, score: router.quality(row, model), outcome }];
    }),
  );
}
