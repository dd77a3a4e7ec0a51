/**
 * Quantiles of measurements and how sure one can be of them. Times have long tails, so reports give medians and
 * percentiles instead of means, and a percentile bootstrap says how much a median would move on another run.
 *
 * Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
 */

/** The `q`-quantile, 0..1, by linear interpolation between the two nearest; NaN for an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** The middle value; NaN for an empty list. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The 95 % interval of the median by 2,000 resamples; `random` gives uniform numbers in [0, 1). */
export function medianInterval(
  values: readonly number[],
  random: () => number,
): readonly [low: number, high: number] {
  const medians = Array.from({ length: 2_000 }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)),
  );
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}
