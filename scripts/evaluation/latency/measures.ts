/**
 * How good forecasts of times were. Times span four powers of ten, so errors are those of the logarithm: 0.1
 * is about a tenth, too long or too short.
 *
 * - error: median of |log(forecast p50 / actual)|
 * - pinball: mean pinball loss of the log at p50 and p90, which is least for the true quantile
 * - coverage: share of calls that took no longer than p50, p90, p95 said
 *
 * Intervals resample blocks of 50 consecutive calls, since neighbours share their vendor's mood. All
 * contenders are judged on the same resamples.
 *
 * Source: R. Koenker, G. Bassett, Regression Quantiles (1978); H. R. Künsch on the block bootstrap (1989).
 */
import { randomFrom } from "../../../worker/lib/prng.ts";
import { bootstrap, type Estimate } from "../bootstrap.ts";
import { LEARNER } from "./contenders.ts";
import type { Replay } from "./replay.ts";

const BLOCK = 50;
const LEVELS = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p95", 0.95],
] as const;

/** One contender on one target of one series. */
export interface Score {
  readonly contender: string;
  readonly error: Estimate;
  readonly pinball50: Estimate;
  readonly pinball90: Estimate;
  /** pinball50 less the learner's: above 0 where the learner is better. */
  readonly behind: Estimate;
  readonly coverage: { readonly p50: Estimate; readonly p90: Estimate; readonly p95: Estimate };
}

interface Columns {
  /** Rows by ascending absolute error, and those errors. */
  readonly order: Uint32Array;
  readonly errors: Float64Array;
  /** One value per row, averaged. */
  readonly means: ReadonlyMap<string, Float64Array>;
}

/** The scores of all contenders, in their order. */
export function scoreReplay(
  { actualMs, forecasts }: Replay,
  {
    resamples,
    seed,
    onResample,
  }: { resamples: number; seed: number; onResample?: (() => void) | undefined },
): Score[] {
  const columns = new Map<string, Columns>();
  for (const [who, own] of forecasts) columns.set(who, columnsOf(own, actualMs));
  const groups = Array.from(actualMs, (_, row) => String(Math.floor(row / BLOCK)));
  const estimates = bootstrap((counts) => numbersOf(columns, counts), {
    groups,
    resamples,
    random: randomFrom(seed),
    ...(onResample && { onResample }),
  });
  return [...columns.keys()].map((contender) => {
    function of(name: string): Estimate {
      return estimates[`${contender}/${name}`]!;
    }
    return {
      contender,
      error: of("error"),
      pinball50: of("pinball p50"),
      pinball90: of("pinball p90"),
      behind: of("behind"),
      coverage: { p50: of("below p50"), p90: of("below p90"), p95: of("below p95") },
    };
  });
}

function columnsOf(
  forecasts: readonly { p50: number; p90: number; p95: number }[],
  actualMs: Float64Array,
): Columns {
  const errors = actualMs.map((actual, row) => Math.abs(Math.log(forecasts[row]!.p50 / actual)));
  const order = Uint32Array.from(errors.keys()).toSorted((a, b) => errors[a]! - errors[b]!);
  const means = new Map<string, Float64Array>();
  for (const [name, level] of LEVELS) {
    means.set(
      `pinball ${name}`,
      actualMs.map((actual, row) => {
        const beyond = Math.log(actual / forecasts[row]![name]);
        return beyond > 0 ? level * beyond : (level - 1) * beyond;
      }),
    );
    means.set(
      `below ${name}`,
      actualMs.map((actual, row) => Number(actual <= forecasts[row]![name])),
    );
  }
  return { order, errors, means };
}

function numbersOf(
  all: ReadonlyMap<string, Columns>,
  counts: Float64Array,
): Record<string, number> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const numbers: Record<string, number> = {};
  for (const [who, { order, errors, means }] of all) {
    numbers[`${who}/error`] = weightedMedian(order, errors, counts);
    for (const [name, values] of means) {
      let sum = 0;
      for (let row = 0; row < values.length; row++) sum += values[row]! * counts[row]!;
      numbers[`${who}/${name}`] = sum / total;
    }
    numbers[`${who}/behind`] = numbers[`${who}/pinball p50`]! - numbers[`${LEARNER}/pinball p50`]!;
  }
  return numbers;
}

function weightedMedian(order: Uint32Array, values: Float64Array, counts: Float64Array): number {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let below = 0;
  for (const row of order) {
    below += counts[row]!;
    if (below >= half) return values[row]!;
  }
  return Number.NaN;
}
