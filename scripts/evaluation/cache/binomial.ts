/**
 * How sure one can be of a share that was counted: exact intervals for a binomial proportion.
 *
 * They hold at any size, none counted included, at the price of being a little wide. They suppose that what was
 * counted is independent; a bootstrap over groups is the measure where it is not.
 *
 * Source: Clopper and Pearson 1934.
 */
import type { Estimate } from "../bootstrap.ts";

/** Probability of at most `count` of `total`, where each has probability `share`. Linear in `count`. */
export function chanceOfAtMost(
  count: number,
  { total, share }: { readonly total: number; readonly share: number },
): number {
  if (count < 0) return 0;
  if (count >= total || share <= 0) return 1;
  if (share >= 1) return 0;
  const logOdds = Math.log(share) - Math.log1p(-share);
  let logTerm = total * Math.log1p(-share);
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= count; k++) {
    logTerm += Math.log((total - k + 1) / k) + logOdds;
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** The share with its 95 % interval; of none, anything from 0 to 1 and no value. */
export function binomialShare(count: number, total: number): Estimate {
  if (total === 0) return { value: NaN, low: 0, high: 1 };
  const low = shareWhere((share) => 1 - chanceOfAtMost(count - 1, { total, share }) < TAIL);
  const high = shareWhere((share) => chanceOfAtMost(count, { total, share }) > TAIL);
  return {
    value: count / total,
    low: count === 0 ? 0 : low,
    high: count === total ? 1 : high,
  };
}

const TAIL = 0.025;
/** Halvings until a share is exact to 1e-12. */
const HALVINGS = 40;

/** The greatest share for which the condition holds, where it holds for all below it. */
function shareWhere(holds: (share: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
