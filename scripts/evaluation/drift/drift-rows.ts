/**
 * Runs of a drift as one row for each share of changed answers, and as curves over time.
 *
 * Quantiles are over runs. Those of audits until something are over the runs in which it came; in how many that was
 * stands beside them, and where only some runs trip these are not the average ones.
 */
import { auditsUntilTrip } from "../../../worker/cache/trust/watch.ts";
import { quantile } from "../../report/quantiles.ts";
import type { Estimate } from "../bootstrap.ts";
import {
  BIN,
  CHANGED,
  COURSE,
  type Drifted,
  type DriftRun,
  type DriftTerms,
} from "./drift-runs.ts";
import { watchDelays } from "./watch-delays.ts";

/** Over runs; NaN of none. */
export interface Spread {
  readonly median: number;
  readonly p95: number;
}

export interface DriftRow {
  /** Of all answers, that was wrong for a while. */
  readonly changed: number;
  readonly runs: number;
  /** Audits until the trip by the formula of the watch, from no suspicion at all. */
  readonly formula: number;
  /** The same audits, counted, where nothing but the watch ends hits; over runs of its own. */
  readonly watchAlone: Spread;
  readonly tripped: number;
  /** Runs that never tripped and served nothing any more when answers were mended, and those that still served. */
  readonly closedByBound: number;
  readonly stillServing: number;
  readonly auditsUntilLast: Spread;
  readonly hitsUntilLast: Spread;
  readonly auditsUntilTrip: Spread;
  readonly hitsUntilTrip: Spread;
  /** Wrong hits of a run meanwhile. */
  readonly wrong: Spread;
  /** Requests after the mending; runs that did not come so far count as the whole time that was played. */
  readonly untilBack: Spread;
  readonly untilHalf: Spread;
  /** Runs without a hit after the mending. */
  readonly neverBack: number;
  readonly curve: readonly CurvePoint[];
}

/** Of the requests of a bin: hits, and wrong hits. Medians, with 5 % and 95 % quantiles over runs. */
export interface CurvePoint {
  /** The number of the bin's first request. */
  readonly at: number;
  readonly hits: Estimate;
  readonly wrong: Estimate;
}

export function driftRows(namespaces: readonly Drifted[], terms: DriftTerms): DriftRow[] {
  return CHANGED.map((changed, k) =>
    driftRow(
      changed,
      namespaces.map(({ runs }) => runs[k]!),
      terms,
    ),
  );
}

function driftRow(changed: number, runs: readonly DriftRun[], terms: DriftTerms): DriftRow {
  const last = runs.flatMap(({ untilLast }) => untilLast ?? []);
  const trips = runs.flatMap(({ untilTrip }) => untilTrip ?? []);
  const closed = runs.filter((run) => run.untilTrip === undefined && run.untilLast !== undefined);
  return {
    changed,
    runs: runs.length,
    formula: auditsUntilTrip(changed, terms.budget),
    watchAlone: spreadOf(watchDelays(changed, terms)),
    tripped: trips.length,
    closedByBound: closed.length,
    stillServing: runs.length - last.length,
    auditsUntilLast: spreadOf(last.map(({ audits }) => audits)),
    hitsUntilLast: spreadOf(last.map(({ hits }) => hits)),
    auditsUntilTrip: spreadOf(trips.map(({ audits }) => audits)),
    hitsUntilTrip: spreadOf(trips.map(({ hits }) => hits)),
    wrong: spreadOf(runs.map(({ wrong }) => wrong)),
    untilBack: spreadOf(runs.map(({ untilBack }) => untilBack ?? COURSE.after)),
    untilHalf: spreadOf(runs.map(({ untilHalf }) => untilHalf ?? COURSE.after)),
    neverBack: runs.filter(({ untilBack }) => untilBack === undefined).length,
    curve: curveOf(runs),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

function curveOf(runs: readonly DriftRun[]): CurvePoint[] {
  const size = runs[0]?.bins.hits.length ?? 0;
  return Array.from({ length: size }, (_, bin) => ({
    at: bin * BIN,
    hits: bandOf(runs.map(({ bins }) => bins.hits[bin]! / BIN)),
    wrong: bandOf(runs.map(({ bins }) => bins.wrong[bin]! / BIN)),
  }));
}

function bandOf(values: readonly number[]): Estimate {
  return {
    value: quantile(values, 0.5),
    low: quantile(values, 0.05),
    high: quantile(values, 0.95),
  };
}
