/**
 * One set made ready: everything that a resample of the rows examined needs, computed once.
 *
 * The router, the baselines and the controls give their opinions here, before any outcome of a row
 * examined is looked at. The models and the contenders were made before (set-contenders.ts); the pair and
 * the priced models follow from the models. What is left for the metrics is to count.
 *
 * Rows without a score of each model in question are left out of the metric, so all routers compared
 * answer the same rows.
 */
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { sortByRouting, type PairRow } from "./call-share.ts";
import type { Contender, Contenders } from "./contenders.ts";
import { leadOf, type Estimator } from "./controls.ts";
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
import type { CostOf, SetModels } from "./set-models.ts";

/** A set whose models are chosen, and whose contenders have not seen the rows examined. */
export interface ContendedSet extends SetModels {
  readonly name: string;
  readonly examined: readonly OutcomeRow[];
  /** Rows of the set that may be learnt from. */
  readonly trainRows: number;
  readonly contenders: Contenders;
  readonly costOf: CostOf;
  /** The rows examined with their prompts typed carelessly. */
  readonly twins?: ReadonlyMap<OutcomeRow, OutcomeRow> | undefined;
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
  readonly examined: readonly OutcomeRow[];
  readonly trainRows: number;
  /** Undefined where no two models differ. */
  readonly pair: PreparedPair | undefined;
  /** Undefined where fewer than two models have costs. */
  readonly frontier: PreparedFrontier | undefined;
  readonly reliability: ReliabilitySums;
}

export function prepareSet(set: ContendedSet): PreparedSet {
  const { name, examined, trainRows, models, leftOut, contenders } = set;
  return {
    name,
    examined,
    trainRows,
    models,
    leftOut,
    pair: preparePair(set),
    frontier: prepareFrontier(set),
    reliability: reliabilitySums(predictions(set, contenders.get("router")!)),
  };
}

/** Contenders whose opinion depends on how a prompt is typed. */
const READERS: readonly Contender[] = ["router", "ridge", "knn", "statistics", "length"];

function preparePair({
  examined,
  models,
  contenders,
  twins,
}: ContendedSet): PreparedPair | undefined {
  const pair = choosePair(models);
  if (pair === undefined) return undefined;
  const [weakModel, strongModel] = [pair.weak.model, pair.strong.model];
  function gap(estimator: Estimator, row: OutcomeRow): number {
    return leadOf(estimator, row, [strongModel, weakModel]);
  }
  const rowsOf = new Map<Contender, readonly PairRow[]>();
  const flipsOf = new Map<Contender, readonly Flip[]>();
  for (const [name, estimator] of contenders) {
    const rows = examined.flatMap((row, place): PairRow[] => {
      const [weak, strong] = [row.scores[weakModel], row.scores[strongModel]];
      if (weak === undefined || strong === undefined) return [];
      return [{ row: place, routing: gap(estimator, row), weak, strong }];
    });
    const sorted = sortByRouting(rows);
    rowsOf.set(name, sorted);
    if (twins === undefined || !READERS.includes(name)) continue;
    const half = sorted[sorted.length >> 1]?.routing ?? NaN;
    const flips = sorted.map(({ row, routing }) => {
      const again = gap(estimator, twins.get(examined[row]!)!);
      return { row, hasFlipped: routing >= half !== again >= half };
    });
    flipsOf.set(name, flips);
  }
  return { ...pair, rowsOf, flipsOf };
}

function prepareFrontier({
  examined,
  models: all,
  contenders,
  costOf,
}: ContendedSet): PreparedFrontier | undefined {
  const models = all.filter(({ costUsd }) => costUsd !== undefined);
  if (models.length < 2) return undefined;
  const offers = new Map(
    [...contenders].map(([name, estimator]) => [
      name,
      examined.flatMap((row, place) => offer({ row, place, models, estimator, costOf })),
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

function predictions({ examined, models }: ContendedSet, router: Estimator) {
  return examined.flatMap((row, place) =>
    models.flatMap(({ model }) => {
      const outcome = row.scores[model];
      if (outcome === undefined) return [];
      return [{ row: place, score: router.quality(row, model), outcome }];
    }),
  );
}
