/**
 * How far a number would move if the questions had been others: intervals by the paired bootstrap, of 95 % where
 * nothing else is asked for.
 *
 * A resample draws as many questions as there are, with replacement. It is told to a statistic as a
 * count per row, so everything that depends on the rows alone is computed once, and a statistic returns
 * all its numbers from the same resample. A difference of two routers is one of those numbers: its
 * interval is that of the difference, which is far narrower than the two intervals suggest. Rows that
 * ask the same question (equal group) are drawn together, because they are not independent.
 *
 * Percentile intervals. A number that a resample leaves undefined (NaN) is left out of its interval.
 *
 * Source: Efron and Tibshirani 1993, chapters 13 and 16.
 */
import type { Random } from "../../worker/lib/prng.ts";
import { quantile } from "../report/quantiles.ts";

/** A number with its interval; NaN where undefined. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Numbers by name, given how often each row counts (1 each for the value itself). */
export type Statistic = (counts: Float64Array) => Record<string, number>;

export interface Resampling {
  /** For each row, the question that it asks. */
  readonly groups: readonly string[];
  /** Number of resamples; 1,000 gives ends that are good to about a twentieth of the interval. */
  readonly resamples: number;
  readonly random: Random;
  /** Share of the resamples that lie within an interval, in (0, 1); 0.95 where left out. */
  readonly confidence?: number;
  /** Called after each resample. */
  readonly onResample?: () => void;
}

/** Every number of the statistic with its interval. */
export function bootstrap(
  statistic: Statistic,
  { groups, resamples, random, confidence = 0.95, onResample }: Resampling,
): Record<string, Estimate> {
  const values = statistic(new Float64Array(groups.length).fill(1));
  const replicates = new Map<string, number[]>(Object.keys(values).map((name) => [name, []]));
  const members = rowsByGroup(groups);
  const counts = new Float64Array(groups.length);
  for (let r = 0; r < resamples; r++) {
    draw(counts, members, random);
    const resampled = statistic(counts);
    for (const [name, list] of replicates) list.push(resampled[name] ?? NaN);
    onResample?.();
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { value, ...interval(replicates.get(name)!, (1 - confidence) / 2) },
    ]),
  );
}

function rowsByGroup(groups: readonly string[]): number[][] {
  const members = new Map<string, number[]>();
  groups.forEach((group, row) => {
    const rows = members.get(group);
    if (rows === undefined) members.set(group, [row]);
    else rows.push(row);
  });
  return [...members.values()];
}

function draw(counts: Float64Array, members: readonly number[][], random: Random): void {
  counts.fill(0);
  for (let i = 0; i < members.length; i++)
    for (const row of members[Math.floor(random() * members.length)]!) counts[row]!++;
}

/** An interval from fewer than half of the resamples would be that of the lucky ones. */
function interval(replicates: readonly number[], tail: number): { low: number; high: number } {
  const defined = replicates.filter(Number.isFinite);
  if (defined.length < replicates.length / 2) return { low: NaN, high: NaN };
  return { low: quantile(defined, tail), high: quantile(defined, 1 - tail) };
}
