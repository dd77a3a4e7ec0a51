/**
 * Who is compared on a set: the router, learned baselines, and controls that need no learning.
 *
 * All answer through one interface, so the metrics cannot favour anyone. In distribution, everything is
 * fitted to the training rows of the set itself. On a foreign set everything is fitted to the training
 * rows of other sets (transfer.ts) and knows of each model of the set one number, its mean.
 *
 * `shuffled` gives each prompt the router's opinion of another prompt. It has the router's distribution
 * and none of its knowledge, so wherever it does not come out as a coin, a metric is at fault.
 */
import { shuffle, randomFrom } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { learnBaselines, type Baseline } from "./baselines/learn.ts";
import type { FeatureReader } from "./baselines/row-features.ts";
import {
  categoryEstimator,
  lengthEstimator,
  oracleEstimator,
  randomEstimator,
  type Estimator,
  type MeanCosts,
} from "./controls.ts";
import type { CostOf } from "./set-models.ts";

/** In the order of tables. `category` is missing where the set has no categories, and on a foreign set. */
export const CONTENDERS = [
  "router",
  "ridge",
  "knn",
  "statistics",
  "length",
  "category",
  "random",
  "shuffled",
  "oracle",
] as const;
export type Contender = (typeof CONTENDERS)[number];

export type Contenders = ReadonlyMap<Contender, Estimator>;

export interface ContenderInput {
  readonly train: readonly OutcomeRow[];
  readonly examined: readonly OutcomeRow[];
  /** Models that anybody will be asked about. */
  readonly models: readonly string[];
  readonly router: Estimator;
  readonly meanCosts: MeanCosts;
  readonly costOf: CostOf;
  readonly features: FeatureReader;
  readonly seed: number;
}

/** Fitted to the set's own training rows. */
export function ownContenders(input: ContenderInput): Contenders {
  return inOrder({ ...learnedFrom(input), ...unlearned(input) });
}

/** Those that learn, fitted to the training rows. */
export function learnedFrom({
  train,
  models,
  meanCosts,
  features,
}: Omit<ContenderInput, "router" | "examined">): Partial<Record<Contender, Estimator>> {
  const targets = models.map((model) =>
    Float64Array.from(train, ({ scores }) => scores[model] ?? NaN),
  );
  const learned = Object.entries(learnBaselines(train, targets, features)).map(
    ([name, baseline]) => [name, byModel(baseline, models, meanCosts)] as const,
  );
  const category = categoryEstimator(train, models, meanCosts);
  return {
    ...Object.fromEntries(learned),
    length: lengthEstimator(train, models, meanCosts),
    ...(category === undefined ? {} : { category }),
  };
}

/** The router itself, and those for which no row need be learnt. */
export function unlearned({
  examined,
  router,
  meanCosts,
  costOf,
  seed,
}: ContenderInput): Partial<Record<Contender, Estimator>> {
  return {
    router,
    random: randomEstimator(randomFrom(seed), meanCosts),
    shuffled: shuffledEstimator(router, examined, seed),
    oracle: oracleEstimator((row, model) => costOf(row, model) ?? NaN),
  };
}

/** The map, in the order of CONTENDERS. */
export function inOrder(contenders: Partial<Record<Contender, Estimator>>): Contenders {
  return new Map(
    CONTENDERS.flatMap((name) => {
      const estimator = contenders[name];
      return estimator === undefined ? [] : [[name, estimator] as const];
    }),
  );
}

function byModel(baseline: Baseline, models: readonly string[], costs: MeanCosts): Estimator {
  const indexOf = new Map(models.map((model, t) => [model, t]));
  return {
    quality: (row, model) => baseline.of(row)[indexOf.get(model) ?? -1] ?? NaN,
    costUsd: (_, model) => costs.get(model) ?? NaN,
  };
}

/** Opinions are dealt out once; a row that was not dealt to has its own. */
function shuffledEstimator(
  router: Estimator,
  rows: readonly OutcomeRow[],
  seed: number,
): Estimator {
  const dealt = shuffle([...rows], randomFrom(seed + 1));
  const other = new Map(rows.map((row, i) => [row, dealt[i]!]));
  return {
    quality: (row, model) => router.quality(other.get(row) ?? row, model),
    costUsd: (row, model) => router.costUsd(other.get(row) ?? row, model),
  };
}
