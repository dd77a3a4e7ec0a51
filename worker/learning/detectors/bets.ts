/**
 * Bets against a mean: what every detector of this folder is made of.
 *
 * Somebody claims that numbers x ≥ −1.2 come with a mean of at most 0, each given all before it. Whoever doubts it bets
 * a share λ of their wealth on each before it is seen,
 *
 *     W ← W · (1 + λ x)
 *
 * and while the claim is true wealth does not grow on average: P(it ever reaches 1/α) ≤ α (Ville), whenever one looks.
 * Four λ are bet on side by side and the mean of their wealths is what counts, so none has to be tuned or remembered.
 *
 * For a claim that may become false later the bets begin anew whenever they have lost, W ← max(W, 1) · (1 + λ x). The
 * sum over all beginnings, which W never exceeds, grows by at most one a number on average: while the claim is true,
 * 1/α numbers at the least pass on average before W reaches 1/α, and how long it was true before costs nothing.
 *
 * A number of weight w < 1 is bet on with λ w: it can say so much less.
 *
 * Source: Waudby-Smith and Ramdas 2010.09686 (betting); Shin, Ramdas and Rinaldo 2203.03532 (e-detectors).
 */

/** Shares of wealth; none may be ruined by the least x, −1.2. */
export const SIZES = [0.1, 0.2, 0.4, 0.8] as const;

/** The least number that may be bet on. */
export const LEAST = -1.2;

/** By how much each size's log wealth moves. @param x At least LEAST. @param weight Above 0; 1 where it is more. */
export function gains(x: number, weight = 1): number[] {
  return SIZES.map((size) => Math.log1p(size * Math.min(weight, 1) * x));
}

/** The logarithm of the mean of wealths. @param logs Theirs, one at least. */
export function logMean(logs: readonly number[]): number {
  const most = Math.max(...logs);
  const sum = logs.reduce((total, log) => total + Math.exp(log - most), 0);
  return most + Math.log(sum / logs.length);
}

/** Log wealths at the beginning. */
export function unbet(): number[] {
  return SIZES.map(() => 0);
}

/** Bets once more on a claim that is true or false for good. */
export function bet(logs: readonly number[], x: number, weight = 1): number[] {
  return gains(x, weight).map((gain, k) => logs[k]! + gain);
}

/** Bets once more on a claim that may become false. */
export function betAnew(logs: readonly number[], x: number, weight = 1): number[] {
  return gains(x, weight).map((gain, k) => Math.max(logs[k]!, 0) + gain);
}
