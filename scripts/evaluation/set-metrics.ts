/**
 * The numbers of a prepared set, or of several pooled, for a given resample of their rows.
 *
 * Names are `metric.contender`; a difference is `metric.contender-other`. All of them come out of one
 * call, so the bootstrap pairs them by itself. In a pool a question counts once for what is measured on
 * its rows together (call share, calibration); AIQ, whose costs differ from set to set, is the plain mean
 * over the sets that have one.
 */
import { poolByGid } from "../dataset/pool.ts";
import {
  apgr,
  callShareFor,
  pairMeans,
  shareCurve,
  sortByRouting,
  type PairRow,
} from "./call-share.ts";
import { aiq, meansOf } from "./frontier.ts";
import {
  CONTENDERS,
  type Contender,
  type PreparedFrontier,
  type PreparedSet,
} from "./prepare-set.ts";
import { brierScore, calibrationError, type ReliabilitySums } from "./reliability.ts";

export type Numbers = Record<string, number>;

/** What is measured on rows regardless of the set they come from. */
interface Rows {
  readonly rowsOf: ReadonlyMap<Contender, readonly PairRow[]>;
  readonly reliability: ReliabilitySums;
}

/** Several sets, as one. */
export interface Pool extends Rows {
  /** The question of each row; sets one after the other. */
  readonly groups: readonly string[];
  /** Questions with a pair of models. */
  readonly questions: number;
  readonly numbers: (counts: Float64Array) => Numbers;
}

/** Every metric of one set; `counts` has an entry for each valid row. */
export function setNumbers(set: PreparedSet, counts: Float64Array): Numbers {
  const rowsOf = set.pair?.rowsOf ?? new Map<Contender, readonly PairRow[]>();
  return {
    ...rowNumbers({ rowsOf, reliability: set.reliability }, counts),
    ...(set.frontier === undefined ? {} : aiqNumbers(set.frontier, counts)),
  };
}

/** Pools sets. A contender that any of them lacks is left out of the pool. */
export function poolSets(sets: readonly PreparedSet[]): Pool {
  const starts = startsOf(sets);
  const isFirst = firstOfQuestion(sets);
  const rowsOf = new Map<Contender, readonly PairRow[]>();
  const paired = sets.flatMap((set, s) => (set.pair === undefined ? [] : [{ pair: set.pair, s }]));
  for (const name of CONTENDERS) {
    if (!paired.every(({ pair }) => pair.rowsOf.has(name))) continue;
    const rows = paired.flatMap(({ pair, s }) =>
      pair.rowsOf.get(name)!.map((row) => ({ ...row, row: row.row + starts[s]! })),
    );
    rowsOf.set(name, sortByRouting(rows.filter(({ row }) => isFirst[row])));
  }
  const reliability = poolReliability(sets, starts, isFirst);
  return {
    rowsOf,
    reliability,
    groups: sets.flatMap(({ valid }) => valid.map(({ gid }) => gid)),
    questions: rowsOf.get("router")?.length ?? 0,
    numbers: (counts) => ({
      ...rowNumbers({ rowsOf, reliability }, counts),
      ...meanAiq(sets, (set, s) =>
        aiqNumbers(set, counts.subarray(starts[s], starts[s]! + sets[s]!.valid.length)),
      ),
    }),
  };
}

function rowNumbers({ rowsOf, reliability }: Rows, counts: Float64Array): Numbers {
  const numbers: Numbers = {};
  for (const [name, rows] of rowsOf) {
    const curve = shareCurve(rows, counts);
    const means = pairMeans(rows, counts);
    numbers[`apgr.${name}`] = apgr(curve, means);
    numbers[`cpt50.${name}`] = callShareFor(0.5, curve, means);
    numbers[`cpt80.${name}`] = callShareFor(0.8, curve, means);
  }
  addDifferences(numbers, "apgr", ["length", "category", "random", "oracle"]);
  numbers["ece.router"] = calibrationError(reliability, counts);
  numbers["brier.router"] = brierScore(reliability, counts);
  return numbers;
}

function aiqNumbers(frontier: PreparedFrontier, counts: Float64Array): Numbers {
  const { settingsOf, singles, zeroRouter, bestSingle, range } = frontier;
  const points = meansOf(singles, counts);
  const numbers: Numbers = {
    "aiq.zero": aiq(
      zeroRouter.flatMap((m) => points[m] ?? []),
      range,
    ),
    "aiq.bestSingle": aiq(points.length === 0 ? [] : [points[bestSingle]!], range),
  };
  for (const [name, settings] of settingsOf)
    numbers[`aiq.${name}`] = aiq(meansOf(settings, counts), range);
  addDifferences(numbers, "aiq", ["zero", "bestSingle", "length", "category", "random", "oracle"]);
  return numbers;
}

function addDifferences(numbers: Numbers, metric: string, others: readonly string[]): void {
  const router = numbers[`${metric}.router`];
  for (const other of others) {
    const control = numbers[`${metric}.${other}`];
    if (router === undefined || control === undefined) continue;
    numbers[`${metric}.router-${other}`] = router - control;
  }
}

/** Over the sets that have the number; one that a resample left without rows says nothing. */
function meanAiq(
  sets: readonly PreparedSet[],
  numbersOf: (frontier: PreparedFrontier, s: number) => Numbers,
): Numbers {
  const all = sets.flatMap(({ frontier }, s) =>
    frontier === undefined ? [] : [numbersOf(frontier, s)],
  );
  const [first, ...rest] = all;
  if (first === undefined) return {};
  const shared = Object.keys(first).filter((name) => rest.every((other) => name in other));
  return Object.fromEntries(
    shared.map((name) => {
      const values = all.map((numbers) => numbers[name]!).filter((value) => !Number.isNaN(value));
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}

function startsOf(sets: readonly PreparedSet[]): number[] {
  let start = 0;
  return sets.map(({ valid }) => (start += valid.length) - valid.length);
}

/** For each row of the pool, whether it stands for its question. */
function firstOfQuestion(sets: readonly PreparedSet[]): boolean[] {
  const rows = sets.flatMap(({ valid }) => valid);
  const firsts = new Set(poolByGid(rows));
  return rows.map((row) => firsts.has(row));
}

function poolReliability(
  sets: readonly PreparedSet[],
  starts: readonly number[],
  isFirst: readonly boolean[],
): ReliabilitySums {
  const entries = sets.flatMap(({ reliability }, s) =>
    reliability.rows.map((row, i) => ({ row: row + starts[s]!, sums: reliability.sums[i]! })),
  );
  const kept = entries.filter(({ row }) => isFirst[row]);
  return { rows: kept.map(({ row }) => row), sums: kept.map(({ sums }) => sums) };
}
