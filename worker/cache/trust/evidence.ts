/**
 * What the audits of near pairs prove: for each step of the ladder the most that the share of wrong answers can be if
 * everything at or above it is served.
 *
 * Within a step r is the unknown share of wrong ones. Whether a pair is audited never depends on its outcome, so the
 * audits of one step are a plain sample of it, however seldom they were taken; the steps are weighed by how
 * many pairs stood on each, which is counted by inverse propensity: a hit audited with probability 1/20 counts as 20.
 * A threshold's share is the weighted mean R = Σ q r over the steps from it upwards.
 *
 *     E(r) = (probability that a forecast gave the outcomes) / Π r^wrong · (1 − r)^right
 *
 * is the wealth of one who bets on a forecast against r. The forecast is a mixture of beta-binomials that knows only
 * what has come before, so at the true r wealth does not grow on average, and P(it ever reaches 1/δ) ≤ δ (Ville):
 * whenever one looks, and however outcomes have steered what is served and audited. The bound is the greatest
 * R of all r with E(r) < 1/δ; a Lagrange multiplier finds it, since −log E is concave in each r.
 *
 * Thresholds are many. One is proven where its own bound, at OWN_SHARE of δ, suffices and every stricter one is
 * proven as well: a false proof needs the strictest false threshold to pass (fixed-sequence testing). Few pairs
 * reach the top, and it would keep all others waiting. So a stricter threshold may also be proven by the bound of
 * any looser one, at a share of what is left of δ: a looser one serves nothing safer.
 *
 * What it assumes: shares hold still while evidence is gathered (watch.ts looks after that); of two thresholds the
 * stricter has not the larger share of wrong answers (without this the promise of each single threshold stands, and
 * only the price for choosing among them is no longer paid in full); the mix of similarities is the one seen, whose
 * own error of estimation is left out: it is without bias and enters multiplied by differences of small shares.
 *
 * Source: Ville 1939; Wasserman, Ramdas and Balakrishnan 1912.11436 (likelihood-ratio confidence sequences);
 * Waudby-Smith and Ramdas 2010.09686; Waudby-Smith et al. 2210.10768 (adaptive propensities); Angelopoulos et al.
 * 2110.01052 (fixed sequences). vCache (2502.03771) fits a logistic curve to each entry and bounds its parameters by
 * a normal approximation; this bound holds for finitely many audits and for any curve.
 */
import { logBeta } from "./log-beta.ts";

/** Of one step of the ladder; fractions where older evidence has faded. */
export interface Tally {
  readonly audits: number;
  readonly wrong: number;
  /** Pairs that these audits stand for: their inverse propensities, summed. */
  readonly pairs: number;
  /** Right ones since the last that was wrong. */
  readonly streak: number;
}

/**
 * Probability with which any bound of a namespace is ever below the truth, at most: of its first evidence, and
 * of all later.
 */
const FIRST_DELTA = 0.04;
const LATER_DELTA = 0.01;
/** Of δ, for a threshold's own evidence; the rest is for the looser ones that may stand in for it. */
const OWN_SHARE = 0.5;
/** What a forecast believes of a share beforehand: Beta(½, 200), a quarter of a percent, worth some 200 audits. */
const PRIOR = [0.5, 200] as const;
/** Belief that one share does for all steps; what is left is spread over the places where it may change. */
const ONE_SHARE = 0.8;
/** Of a step itself, below which it is not judged by those above it. */
const LEAST_AUDITS = 32;
/** log μ, the multiplier of a share on one audit and on the weight of one: outside of it shares are 0 or 1. */
const LEAST_LOG_MULTIPLIER = -20;
const MOST_LOG_MULTIPLIER = 40;
const BISECTIONS = 28;

/** Of a generation's evidence: they add up to 5 %, however often it was forgotten and for whatever reason. */
export function deltaOf(generation: number): number {
  return generation === 0 ? FIRST_DELTA : LATER_DELTA / (generation * (generation + 1));
}

/**
 * The most, 0 to 1, that the share of wrong answers can be where pairs of a step are served: 1 without evidence,
 * and never rising with the step. In the order of `tallies`, from the loosest to the strictest.
 */
export function upperShares(tallies: readonly Tally[], generation: number): number[] {
  const delta = deltaOf(generation);
  const above = tallies.map((_, step) => tallies.slice(step));
  const standIns = Math.max(tallies.length - 1, 1);
  const own = above.map((steps) => upperOf(steps, Math.log(1 / (delta * OWN_SHARE))));
  const lent = above.map((steps) => upperOf(steps, Math.log(standIns / (delta * (1 - OWN_SHARE)))));
  // Of each threshold: the best that any looser one says in its place.
  const stoodIn = runningLeast(lent);
  let stricter = 0;
  const proven = own.map(() => 1);
  for (let step = own.length - 1; step >= 0; step--) {
    proven[step] = Math.max(own[step]!, stricter);
    stricter = Math.max(stricter, Math.min(own[step]!, stoodIn[step - 1] ?? 1));
  }
  return runningLeast(proven);
}

function runningLeast(values: readonly number[]): number[] {
  let least = 1;
  return values.map((value) => (least = Math.min(least, value)));
}

/** The greatest mean share over the steps that outcomes leave possible. @param logOdds log 1/δ. */
function upperOf(steps: readonly Tally[], logOdds: number): number {
  if (steps[0]!.audits < LEAST_AUDITS) return 1;
  const seen = steps.filter(({ audits }) => audits > 0);
  const pairs = seen.reduce((sum, tally) => sum + tally.pairs, 0);
  const least = logForecast(seen) - logOdds;
  let [low, high] = [LEAST_LOG_MULTIPLIER, MOST_LOG_MULTIPLIER];
  for (let k = 0; k < BISECTIONS; k++) {
    const middle = (low + high) / 2;
    if (worst(seen, Math.exp(middle) / pairs).logLikelihood > least) low = middle;
    else high = middle;
  }
  return Math.min(worst(seen, Math.exp(high) / pairs).weighted / pairs, 1);
}

/** The shares that maximise log likelihood + multiplier · Σ pairs · share. */
function worst(steps: readonly Tally[], multiplier: number) {
  let [logLikelihood, weighted] = [0, 0];
  for (const tally of steps) {
    const share = worstShare(tally, multiplier * tally.pairs);
    const right = tally.audits - tally.wrong;
    if (tally.wrong > 0) logLikelihood += tally.wrong * Math.log(share);
    if (right > 0) logLikelihood += right * Math.log1p(-share);
    weighted += tally.pairs * share;
  }
  return { logLikelihood, weighted };
}

/** The root in [0, 1] of wrong / r − right / (1 − r) + weight = 0, or the end that it would lie beyond. */
function worstShare({ audits, wrong }: Tally, weight: number): number {
  const half = audits - weight;
  const root = Math.sqrt(half * half + 4 * weight * wrong);
  // Either form is exact where the other would subtract two numbers that are nearly the same.
  return half > 0 ? (2 * wrong) / (half + root) : (root - half) / (2 * weight);
}

/** The logarithm of the probability that the forecast gave the outcomes, in the order in which they came. */
function logForecast(steps: readonly Tally[]): number {
  const [audits, wrong] = [sumOf(steps, "audits"), sumOf(steps, "wrong")];
  if (steps.length === 1) return logBetaBinomial(wrong, audits);
  const changes = steps.slice(1).map((_, k) => {
    const upper = steps.slice(k + 1);
    const [some, bad] = [sumOf(upper, "audits"), sumOf(upper, "wrong")];
    return logBetaBinomial(bad, some) + logBetaBinomial(wrong - bad, audits - some);
  });
  const each = Math.log((1 - ONE_SHARE) / changes.length);
  const logs = [
    Math.log(ONE_SHARE) + logBetaBinomial(wrong, audits),
    ...changes.map((log) => each + log),
  ];
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

function logBetaBinomial(wrong: number, audits: number): number {
  const [a, b] = PRIOR;
  return logBeta(a + wrong, b + audits - wrong) - logBeta(a, b);
}

function sumOf(steps: readonly Tally[], field: "audits" | "wrong"): number {
  return steps.reduce((sum, tally) => sum + tally[field], 0);
}
