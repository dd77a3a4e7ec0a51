/**
 * What a router has to beat: estimates of a model's quality on a prompt that need no router.
 *
 * Each control is fitted on training rows only and then asked about rows it has not seen, through the same
 * interface as the router. Cost it knows as the model's mean over training rows, as a price list would
 * tell. `length` is the one that matters: a long prompt is often a hard one, and several published routers
 * are no better than that.
 *
 * - `random`: a seeded draw per question and model
 * - `length`: a logistic curve over the logarithm of the prompt's characters, one for each model
 * - `category`: the model's mean over training rows of the same category, which live traffic does not carry
 * - `oracle`: the outcome itself
 */
import type { Random } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { fitLogistic } from "./logistic.ts";

/** An opinion about models on prompts. */
export interface Estimator {
  /** Any scale where more is better and differences between models mean something; 0..1 for quality proper. */
  readonly quality: (row: OutcomeRow, model: string) => number;
  /** USD for the call. */
  readonly costUsd: (row: OutcomeRow, model: string) => number;
  /** How much better the first of two models is, on any scale; where not given, by their qualities. */
  readonly lead?: (row: OutcomeRow, models: readonly [string, string]) => number;
}

/** How much better an estimator holds the first of two models to be. */
export function leadOf(
  { lead, quality }: Estimator,
  row: OutcomeRow,
  models: readonly [string, string],
): number {
  return lead?.(row, models) ?? quality(row, models[0]) - quality(row, models[1]);
}

/** Mean costs in USD by model; a model without one is never asked for it. */
export type MeanCosts = ReadonlyMap<string, number>;

/** Draws are made when first asked for, and kept, so an answer does not change with who asks again. */
export function randomEstimator(random: Random, costs: MeanCosts): Estimator {
  const draws = new Map<string, number>();
  return {
    quality(row, model) {
      const key = `${row.id}\n${model}`;
      const drawn = draws.get(key) ?? random();
      draws.set(key, drawn);
      return drawn;
    },
    costUsd: meanCost(costs),
  };
}

export function lengthEstimator(
  train: readonly OutcomeRow[],
  models: readonly string[],
  costs: MeanCosts,
): Estimator {
  const curves = new Map(
    models.map((model) => {
      const points = train.flatMap((row) => {
        const y = row.scores[model];
        return y === undefined ? [] : [{ x: logLength(row), y }];
      });
      return [model, fitLogistic(points)];
    }),
  );
  return {
    quality: (row, model) => curves.get(model)?.(logLength(row)) ?? NaN,
    costUsd: meanCost(costs),
  };
}

/** Undefined where no training row has a category. A category not seen in training gets the model's mean. */
export function categoryEstimator(
  train: readonly OutcomeRow[],
  models: readonly string[],
  costs: MeanCosts,
): Estimator | undefined {
  if (train.every(({ category }) => category === undefined)) return undefined;
  const overall = new Map(models.map((model) => [model, meanQuality(train, model)]));
  const rowsOf = Map.groupBy(train, ({ category }) => category ?? "");
  const means = new Map(
    [...rowsOf].map(([category, rows]) => [
      category,
      new Map(models.map((model) => [model, meanQuality(rows, model)])),
    ]),
  );
  return {
    quality(row, model) {
      const mean = means.get(row.category ?? "")?.get(model) ?? NaN;
      return Number.isNaN(mean) ? (overall.get(model) ?? NaN) : mean;
    },
    costUsd: meanCost(costs),
  };
}

/** @param costOf The true cost of a call in USD. */
export function oracleEstimator(costOf: Estimator["costUsd"]): Estimator {
  return { quality: (row, model) => row.scores[model] ?? NaN, costUsd: costOf };
}

/** Mean quality of a model over the rows that have it; NaN for none. */
export function meanQuality(rows: readonly OutcomeRow[], model: string): number {
  let [n, sum] = [0, 0];
  for (const { scores } of rows) {
    const score = scores[model];
    if (score === undefined) continue;
    n++;
    sum += score;
  }
  return sum / n;
}

function meanCost(costs: MeanCosts): Estimator["costUsd"] {
  return (_, model) => costs.get(model) ?? NaN;
}

function logLength({ prompt }: OutcomeRow): number {
  return Math.log(1 + prompt.length);
}
