/**
 * The numbers of a prepared set, or of several pooled, for a given resample of their rows.
 *
 * Names are `metric.contender`; a difference is `metric.contender-other`. All of them come out of one
 * call, so the bootstrap pairs them by itself. In a pool a question counts once for what is measured on
 * its rows together (call share, calibration, flips); what costs enter, which differ from set to set, is
 * the plain mean over the sets that have it (operating-points.ts names those numbers).
 *
 * - `apgr`, `cpt50`, `cpt80`: call-share.ts. The best single model is the strong one; made to take a share
 *   of the calls, it is a coin, so its APGR is 0.5 by definition
 * - `strongShare`: share of prompts that the contender holds the strong model to be better on
 * - `flips`: share of prompts that change the model when they are typed carelessly (typing-noise.ts)
 * - `ece`, `brier`: reliability.ts, of the router over all models
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
import { CONTENDERS, type Contender } from "./contenders.ts";
import { operatingNumbers } from "./operating-points.ts";
import type { Flip, PreparedFrontier, PreparedSet } from "./prepare-set.ts";
import { brierScore, calibrationError, type ReliabilitySums } from "./reliability.ts";

export type Numbers = Record<string, number>;

/** What is measured on rows regardless of the set they come from. */
interface Rows {
  readonly rowsOf: ReadonlyMap<Contender, readonly PairRow[]>;
  readonly flipsOf: ReadonlyMap<Contender, readonly Flip[]>;
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

/** Every metric of one set; `counts` has an entry for each row examined. */
export function setNumbers(set: PreparedSet, counts: Float64Array): Numbers {
  const { rowsOf = new Map(), flipsOf = new Map() } = set.pair ?? {};
  return {
    ...rowNumbers({ rowsOf, flipsOf, reliability: set.reliability }, counts),
    ...(set.frontier === undefined ? {} : frontierNumbers(set.frontier, counts)),
  };
}

/** Pools sets. A contender that any of them lacks is left out of the pool. */
export function poolSets(sets: readonly PreparedSet[]): Pool {
  const starts = startsOf(sets);
  const isFirst = firstOfQuestion(sets);
  const paired = sets.flatMap((set, s) => (set.pair === undefined ? [] : [{ pair: set.pair, s }]));
  function gather<R extends { readonly row: number }>(
    field: (pair: (typeof paired)[number]["pair"]) => ReadonlyMap<Contender, readonly R[]>,
  ): Map<Contender, R[]> {
    const shared = CONTENDERS.filter((name) => paired.every(({ pair }) => field(pair).has(name)));
    return new Map(
      shared.map((name) => [
        name,
        paired
          .flatMap(({ pair, s }) =>
            field(pair)
              .get(name)!
              .map((row) => ({ ...row, row: row.row + starts[s]! })),
          )
          .filter(({ row }) => isFirst[row]),
      ]),
    );
  }
  const rowsOf = new Map(
    [...gather((pair) => pair.rowsOf)].map(([name, rows]) => [name, sortByRouting(rows)]),
  );
  const reliability = poolReliability(sets, starts, isFirst);
  const rows = { rowsOf, flipsOf: gather((pair) => pair.flipsOf), reliability };
  return {
    ...rows,
    groups: sets.flatMap(({ examined }) => examined.map(({ gid }) => gid)),
    questions: rowsOf.get("router")?.length ?? 0,
    numbers: (counts) => ({
      ...rowNumbers(rows, counts),
      ...meanOfSets(sets, (set, s) =>
        frontierNumbers(set, counts.subarray(starts[s], starts[s]! + sets[s]!.examined.length)),
      ),
    }),
  };
}

function rowNumbers({ rowsOf, flipsOf, reliability }: Rows, counts: Float64Array): Numbers {
  const numbers: Numbers = {};
  for (const [name, rows] of rowsOf) {
    const curve = shareCurve(rows, counts);
    const means = pairMeans(rows, counts);
    numbers[`apgr.${name}`] = apgr(curve, means);
    numbers[`cpt50.${name}`] = callShareFor(0.5, curve, means);
    numbers[`cpt80.${name}`] = callShareFor(0.8, curve, means);
    numbers[`strongShare.${name}`] = shareOf(rows, ({ routing }) => routing > 0, counts);
  }
  if (rowsOf.size > 0) numbers["apgr.bestSingle"] = 0.5;
  addDifferences(numbers, "apgr", [...CONTENDERS, "bestSingle"]);
  for (const [name, flips] of flipsOf)
    numbers[`flips.${name}`] = shareOf(flips, ({ hasFlipped }) => hasFlipped, counts);
  numbers["ece.router"] = calibrationError(reliability, counts);
  numbers["brier.router"] = brierScore(reliability, counts);
  return numbers;
}

function shareOf<R extends { readonly row: number }>(
  rows: readonly R[],
  isCounted: (row: R) => boolean,
  counts: Float64Array,
): number {
  let [n, sum] = [0, 0];
  for (const row of rows) {
    n += counts[row.row]!;
    if (isCounted(row)) sum += counts[row.row]!;
  }
  return sum / n;
}

function frontierNumbers(frontier: PreparedFrontier, counts: Float64Array): Numbers {
  const numbers = operatingNumbers(frontier, counts);
  addDifferences(numbers, "aiq", [...CONTENDERS, "zero", "bestSingle"]);
  addDifferences(numbers, "peak", ["bestSingle"]);
  return numbers;
}

function addDifferences(numbers: Numbers, metric: string, others: readonly string[]): void {
  const router = numbers[`${metric}.router`];
  for (const other of others) {
    const control = numbers[`${metric}.${other}`];
    if (other === "router" || router === undefined || control === undefined) continue;
    numbers[`${metric}.router-${other}`] = router - control;
  }
}

/** Over the sets that have the number; one that a resample left without rows says nothing. */
function meanOfSets(
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
  return sets.map(({ examined }) => (start += examined.length) - examined.length);
}

/** For each row of the pool, whether it stands for its question. */
function firstOfQuestion(sets: readonly PreparedSet[]): boolean[] {
  const rows = sets.flatMap(({ examined }) => examined);
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
