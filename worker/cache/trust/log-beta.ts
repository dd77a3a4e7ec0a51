/**
 * The logarithm of Euler's beta function, of any two positive numbers: with it a stretch of right and wrong audits
 * gets its probability under a belief about their share, in closed form.
 *
 * Source: Lanczos, SIAM J. Numer. Anal. B 1 (1964), with Godfrey's coefficients (g = 7, n = 9): 15 digits.
 */

const FIRST = 0.99999999999980993;
const COEFFICIENTS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** log B(a, b). @param a Above 0. @param b Above 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

function logGamma(x: number): number {
  const sum = COEFFICIENTS.reduce((total, value, k) => total + value / (x + k), FIRST);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
