/**
 * A router's evaluation on several sets: the numbers with their intervals, and the curves to draw.
 *
 * This is what `npm run eval --json` prints and what tables and pictures are made of, so it is plain data.
 * NaN stands for a number that is not defined on these rows, such as the gap recovered of a pair of which
 * neither is better; it prints as null.
 */
import { randomFrom } from "../../worker/lib/prng.ts";
import type { Point } from "../../worker/routing/hull.ts";
import { bootstrap, type Estimate } from "./bootstrap.ts";
import { shareCurve, pairMeans, type PairMeans, type SharePoint } from "./call-share.ts";
import type { Contender } from "./contenders.ts";
import { frontierOf, meansOf } from "./frontier.ts";
import type { PreparedFrontier, PreparedPair, PreparedSet } from "./prepare-set.ts";
import { reliabilityBins, type ReliabilityBin } from "./reliability.ts";
import { poolSets, setNumbers } from "./set-metrics.ts";
import { trafficOf } from "./traffic.ts";

/** By contender; without `category` where the set has none. */
export type ByContender<T> = Partial<Record<Contender, T>>;

export interface PairReport {
  readonly strong: string;
  readonly weak: string;
  /** What the weak model was chosen by. */
  readonly by: "cost" | "quality";
  readonly rows: number;
  /** Mean quality of each model on these rows. */
  readonly means: PairMeans;
  readonly curves: ByContender<readonly SharePoint[]>;
}

export interface SinglePoint extends Point {
  readonly model: string;
  /** Whether the zero router mixes it, and whether it was the best on training rows. */
  readonly isZeroRouter: boolean;
  readonly isBest: boolean;
}

export interface FrontierReport {
  readonly rows: number;
  /** Costs in USD per prompt, qualities 0..1. */
  readonly range: { readonly from: number; readonly to: number };
  readonly singles: readonly SinglePoint[];
  /** Means of every setting of the router. */
  readonly settings: readonly Point[];
  readonly hulls: ByContender<readonly Point[]> & { readonly zero: readonly Point[] };
}

export interface SetReport {
  readonly name: string;
  readonly rows: number;
  readonly trainRows: number;
  readonly models: readonly string[];
  /** Models without enough rows, or unknown to the router. */
  readonly leftOut: readonly string[];
  readonly pair: PairReport | null;
  readonly frontier: FrontierReport | null;
  readonly reliability: readonly ReliabilityBin[];
  /** By `metric.contender`; set-metrics.ts names them. */
  readonly numbers: Readonly<Record<string, Estimate>>;
}

/** Several sets as one; those with a frontier have equal weight in what costs enter. */
export interface PoolReport {
  readonly name: "pooled" | "chat" | "benchmarks";
  readonly sets: readonly string[];
  readonly rows: number;
  readonly questions: number;
  readonly means: PairMeans;
  readonly curves: ByContender<readonly SharePoint[]>;
  readonly reliability: readonly ReliabilityBin[];
  readonly numbers: Readonly<Record<string, Estimate>>;
}

/** In distribution, on training rows left out fold by fold, on sets left out, or on imported files. */
export type Protocol = "id" | "cross" | "leave-dataset" | "imported";

export interface Evaluation {
  readonly protocol: Protocol;
  /** version@id of the release, as answers carry it; the family of routers trained to be examined. */
  readonly router: string;
  readonly resamples: number;
  readonly seed: number;
  readonly sets: readonly SetReport[];
  /** All sets first, then chat and benchmarks apart; no pool of a single set. */
  readonly pools: readonly PoolReport[];
  /** Sets that could not be evaluated, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

export interface Sampling {
  readonly resamples: number;
  readonly seed: number;
  /** Called after each resample; there are `resamples` for each set and each pool. */
  readonly onResample?: () => void;
}

export function reportSet(set: PreparedSet, sampling: Sampling): SetReport {
  return {
    name: set.name,
    rows: set.examined.length,
    trainRows: set.trainRows,
    models: set.models.map(({ model }) => model),
    leftOut: set.leftOut,
    pair: set.pair === undefined ? null : reportPair(set.pair),
    frontier: set.frontier === undefined ? null : reportFrontier(set.frontier),
    reliability: reliabilityBins(set.reliability),
    numbers: bootstrap((counts) => setNumbers(set, counts), {
      groups: set.examined.map(({ gid }) => gid),
      random: randomFrom(sampling.seed),
      ...sampling,
    }),
  };
}

export interface PoolPlan {
  readonly name: PoolReport["name"];
  readonly sets: readonly PreparedSet[];
}

/** The pools that these sets make. */
export function poolsOf(sets: readonly PreparedSet[]): PoolPlan[] {
  const apart = (["chat", "benchmarks"] as const).map((name) => ({
    name,
    sets: sets.filter((set) => trafficOf(set.name) === name),
  }));
  const isMixed = apart.every((pool) => pool.sets.length > 0);
  const plans: PoolPlan[] = [{ name: "pooled", sets }, ...(isMixed ? apart : [])];
  return plans.filter((plan) => plan.sets.length > 1);
}

export function reportPool({ name, sets }: PoolPlan, sampling: Sampling): PoolReport {
  const pool = poolSets(sets);
  return {
    name,
    sets: sets.map((set) => set.name),
    rows: pool.groups.length,
    questions: pool.questions,
    means: pairMeans(pool.rowsOf.get("router") ?? []),
    curves: curvesOf(pool.rowsOf),
    reliability: reliabilityBins(pool.reliability),
    numbers: bootstrap(pool.numbers, {
      groups: pool.groups,
      random: randomFrom(sampling.seed),
      ...sampling,
    }),
  };
}

function reportPair({ strong, weak, by, rowsOf }: PreparedPair): PairReport {
  const rows = rowsOf.get("router") ?? [];
  return {
    strong: strong.model,
    weak: weak.model,
    by,
    rows: rows.length,
    means: pairMeans(rows),
    curves: curvesOf(rowsOf),
  };
}

function curvesOf(rowsOf: PreparedPair["rowsOf"]): ByContender<readonly SharePoint[]> {
  return Object.fromEntries([...rowsOf].map(([name, rows]) => [name, shareCurve(rows)]));
}

function reportFrontier(frontier: PreparedFrontier): FrontierReport {
  const { models, settingsOf, singles, zeroRouter, bestSingle, range, rowCount } = frontier;
  const points = meansOf(singles);
  const hulls = Object.fromEntries(
    [...settingsOf].map(([name, settings]) => [name, frontierOf(meansOf(settings))]),
  );
  return {
    rows: rowCount,
    range,
    singles: models.map(({ model }, m) => ({
      model,
      ...points[m]!,
      isZeroRouter: zeroRouter.includes(m),
      isBest: m === bestSingle,
    })),
    settings: meansOf(settingsOf.get("router") ?? []),
    hulls: { ...hulls, zero: frontierOf(zeroRouter.map((m) => points[m]!)) },
  };
}
