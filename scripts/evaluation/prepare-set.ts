/**
 * One set made ready: everything that a resample of its valid rows needs, computed once.
 *
 * The router and the controls give their opinions here, before any outcome of a valid row is looked at,
 * and the models, the pair and the priced models are chosen on training rows. What is left for the
 * metrics is to count.
 *
 * A model takes part if the router knows it and at least nine in ten training rows have its score; for
 * the metrics of cost it also needs a cost on as many. Rows without a score of each model in question
 * are left out of the metric, so all routers compared answer the same rows.
 */
import type { Manifest } from "../../router-models/manifest.ts";
import { randomFrom } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { sortByRouting, type PairRow } from "./call-share.ts";
import {
  categoryEstimator,
  lengthEstimator,
  meanQuality,
  oracleEstimator,
  randomEstimator,
  type Estimator,
} from "./controls.ts";
import { callCostUsd, priceOf, type Price, type PriceSources } from "./costs.ts";
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

export interface SetInput {
  readonly name: string;
  /** Rows of both splits. */
  readonly rows: readonly OutcomeRow[];
  /** The router's forecasts of the valid rows. */
  readonly forecasts: Forecasts;
  readonly manifest: Manifest;
  readonly prices: PriceSources;
  /** Of the random control. */
  readonly seed: number;
}

/** The router and the controls, by name; `category` is missing where the set has no categories. */
export const CONTENDERS = ["router", "length", "category", "random", "oracle"] as const;
export type Contender = (typeof CONTENDERS)[number];

export interface PreparedPair extends ModelPair {
  /** In the order of call-share.ts, per contender. */
  readonly rowsOf: ReadonlyMap<Contender, readonly PairRow[]>;
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

export interface PreparedSet {
  readonly name: string;
  readonly valid: readonly OutcomeRow[];
  readonly trainRows: number;
  readonly models: readonly ModelSummary[];
  /** Models of the set that take no part. */
  readonly leftOut: readonly string[];
  /** Undefined where no two models differ. */
  readonly pair: PreparedPair | undefined;
  /** Undefined where fewer than two models have costs. */
  readonly frontier: PreparedFrontier | undefined;
  readonly reliability: ReliabilitySums;
}

const LEAST_COVERAGE = 0.9;

/** Throws an Error where the set has no train or no valid rows, or no model that the router knows. */
export function prepareSet(input: SetInput): PreparedSet {
  const train = input.rows.filter(({ split }) => split === "train");
  const valid = input.rows.filter(({ split }) => split === "valid");
  if (train.length === 0 || valid.length === 0)
    throw new Error(
      `${input.name}: ${train.length} train and ${valid.length} valid rows; both are needed`,
    );
  const named = [...new Set(train.flatMap(({ scores }) => Object.keys(scores)))].toSorted();
  const models = named
    .filter((model) => Object.hasOwn(input.manifest.models, model))
    .filter((model) => coverage(train, ({ scores }) => scores[model]) >= LEAST_COVERAGE)
    .map((model) => summarise(model, train, input));
  if (models.length === 0)
    throw new Error(`${input.name}: the router knows none of its models (${named[0]}, …)`);
  const known = new Set(models.map(({ model }) => model));
  const contenders = makeContenders(train, models, input);
  return {
    name: input.name,
    valid,
    trainRows: train.length,
    models,
    leftOut: named.filter((model) => !known.has(model)),
    pair: preparePair(valid, models, contenders),
    frontier: prepareFrontier(valid, { models, contenders, costOf: costsIn(input) }),
    reliability: reliabilitySums(predictions(valid, models, contenders.get("router")!)),
  };
}

type Contenders = ReadonlyMap<Contender, Estimator>;
type CostOf = (row: OutcomeRow, model: string) => number | undefined;

function makeContenders(
  train: readonly OutcomeRow[],
  models: readonly ModelSummary[],
  input: SetInput,
): Contenders {
  const { forecasts, manifest, seed } = input;
  const names = models.map(({ model }) => model);
  const meanCosts = new Map(models.map(({ model, costUsd }) => [model, costUsd ?? NaN]));
  const costOf = costsIn(input);
  const category = categoryEstimator(train, names, meanCosts);
  return new Map<Contender, Estimator>([
    [
      "router",
      routerEstimator(forecasts, { manifest, priceOf: pricesIn(train, input), meanCosts }),
    ],
    ["length", lengthEstimator(train, names, meanCosts)],
    ...(category === undefined ? [] : ([["category", category]] as const)),
    ["random", randomEstimator(randomFrom(seed), meanCosts)],
    ["oracle", oracleEstimator((row, model) => costOf(row, model) ?? NaN)],
  ]);
}

function preparePair(
  valid: readonly OutcomeRow[],
  models: readonly ModelSummary[],
  contenders: Contenders,
): PreparedPair | undefined {
  const pair = choosePair(models);
  if (pair === undefined) return undefined;
  const [weakModel, strongModel] = [pair.weak.model, pair.strong.model];
  const rowsOf = new Map(
    [...contenders].map(([name, estimator]) => {
      const rows = valid.flatMap((row, place): PairRow[] => {
        const [weak, strong] = [row.scores[weakModel], row.scores[strongModel]];
        if (weak === undefined || strong === undefined) return [];
        const routing = estimator.quality(row, strongModel) - estimator.quality(row, weakModel);
        return [{ row: place, routing, weak, strong }];
      });
      return [name, sortByRouting(rows)];
    }),
  );
  return { ...pair, rowsOf };
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

function summarise(model: string, train: readonly OutcomeRow[], input: SetInput): ModelSummary {
  const costOf = costsIn(input);
  const costs = train.flatMap((row) =>
    Object.hasOwn(row.scores, model) ? [costOf(row, model)] : [],
  );
  const known = costs.filter((cost) => cost !== undefined);
  const isCosted = known.length > 0 && known.length >= LEAST_COVERAGE * costs.length;
  return {
    model,
    quality: meanQuality(train, model),
    costUsd: isCosted ? known.reduce((sum, cost) => sum + cost, 0) / known.length : undefined,
  };
}

function costsIn({ name, prices }: SetInput): CostOf {
  const known = new Map<string, Price | undefined>();
  return (row, model) => {
    if (!known.has(model)) known.set(model, priceOf(model, name, prices));
    return callCostUsd(row, model, known.get(model));
  };
}

/** The list prices that costs of this set are counted at; none for a model whose costs the source states. */
function pricesIn(
  train: readonly OutcomeRow[],
  { name, prices }: SetInput,
): (model: string) => Price | undefined {
  const stated = new Set(train.flatMap(({ cost_usd: costs = {} }) => Object.keys(costs)));
  return (model) => (stated.has(model) ? undefined : priceOf(model, name, prices));
}

function coverage(
  rows: readonly OutcomeRow[],
  field: (row: OutcomeRow) => number | undefined,
): number {
  return rows.filter((row) => field(row) !== undefined).length / rows.length;
}
