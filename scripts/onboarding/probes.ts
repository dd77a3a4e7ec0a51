/**
 * Moves a model's place by outcomes of its own: Bayes' rule with a logistic likelihood.
 *
 * A probe is a prompt with the score that the model reached on it. Its logit is linear in the model's row,
 * with the graph's demand as the regressors, so the most probable row is a logistic regression that is
 * drawn towards the place before the probes: with none it is that place, and few cannot carry it far.
 *
 * How certain the new place is does not depend on the scores. Each probe counts with the information
 * that the place before expects of it, p (1 − p) averaged over what is believed of the model, and not
 * with the one at the new place, as Laplace would have it. So no probe can widen the covariance, the
 * covariance is known before the probes are paid for, and suggest.ts can choose by it. The price: a model
 * that surprises is believed to be known a little better or worse than it is.
 *
 * Scores between 0 and 1 count as shares of successes. Probes are taken to be independent; ten answers
 * to one prompt are not.
 *
 * Sources: MacKay 1992 (the averaged logistic); Laplace's approximation; Sherman and Morrison 1950.
 */
import type { Place } from "../../router-models/placement.ts";
import type { Demand } from "./demand.ts";

export interface Probe extends Demand {
  /** 0..1 */
  readonly score: number;
}

/** A Gaussian belief about a logit. */
export interface LogitBelief {
  readonly mean: number;
  readonly deviation: number;
}

/** What a place says of the model's logit on a prompt. */
export function logitOn({ mean, covariance }: Place, { demand, difficulty }: Demand): LogitBelief {
  const pull = times(covariance, demand);
  return {
    mean: dot(demand, mean) - difficulty,
    deviation: Math.sqrt(Math.max(dot(demand, pull), 0)),
  };
}

/** Half the width of a 90 % interval, in deviations. */
export const NINETY_PERCENT = 1.645;

/** Of a score 0..1 under a logit, in nats. */
export function crossEntropy(logit: number, score: number): number {
  return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - score * logit;
}

/** The place after the probes, in any order. None leave it as it is. */
export function placeByProbes(before: Place, probes: readonly Probe[]): Place {
  if (probes.length === 0) return before;
  let { covariance } = before;
  for (const probe of probes)
    covariance = narrowed(covariance, probe.demand, informationOf(before, probe));
  return { mean: mostProbable(before, probes), covariance };
}

/** What an outcome on this prompt is expected to tell: the mean of p (1 − p), 0..1/4. */
export function informationOf(place: Place, prompt: Demand): number {
  const { mean, deviation } = logitOn(place, prompt);
  const squeeze = 1 / Math.sqrt(1 + (Math.PI * deviation ** 2) / 8);
  const p = sigmoid(squeeze * mean);
  return squeeze * p * (1 - p);
}

/** The covariance after one more measurement along `demand` with this information. */
export function narrowed(
  covariance: Float64Array,
  demand: Float64Array,
  information: number,
): Float64Array {
  const width = demand.length;
  const pull = times(covariance, demand);
  const share = information / (1 + information * dot(demand, pull));
  const after = Float64Array.from(covariance);
  for (let i = 0, at = 0; i < width; i++)
    for (let j = 0; j < width; j++) after[at++]! -= share * pull[i]! * pull[j]!;
  return after;
}

const NEWTON_STEPS = 60;

/**
 * Newton's method; a step that does not lower the loss is halved. The loss is convex, and strictly so
 * wherever the place before leaves anything open. `pull` is the shift before the covariance acts on it,
 * which spares every inverse and lets a direction without variance be.
 */
function mostProbable({ mean, covariance }: Place, probes: readonly Probe[]): number[] {
  const seen = probes.map((probe) => ({
    ...probe,
    offset: dot(probe.demand, mean) - probe.difficulty,
  }));
  let at: Search = { shift: new Float64Array(mean.length), pull: new Float64Array(mean.length) };
  let loss = lossAt(at, seen);
  for (let count = 0; count < NEWTON_STEPS; count++) {
    const step = newtonStep(at, { covariance, seen });
    let next = at;
    let nextLoss = Infinity;
    for (let share = 1; share > 1e-9 && !(nextLoss <= loss); share /= 2) {
      next = {
        shift: at.shift.map((value, i) => value - share * step.shift[i]!),
        pull: at.pull.map((value, i) => value - share * step.pull[i]!),
      };
      nextLoss = lossAt(next, seen);
    }
    if (!(nextLoss <= loss)) break;
    [at, loss] = [next, nextLoss];
    if (Math.max(...step.shift.map(Math.abs)) < 1e-10) break;
  }
  return mean.map((value, i) => value + at.shift[i]!);
}

interface Search {
  /** From the mean before; covariance · pull. */
  readonly shift: Float64Array;
  readonly pull: Float64Array;
}

interface Seen extends Probe {
  /** The logit at the place before. */
  readonly offset: number;
}

function lossAt({ shift, pull }: Search, seen: readonly Seen[]): number {
  let loss = dot(shift, pull) / 2;
  for (const { demand, offset, score } of seen) {
    const z = offset + dot(demand, shift);
    loss += crossEntropy(z, score);
  }
  return loss;
}

function newtonStep(
  { shift, pull }: Search,
  { covariance, seen }: { covariance: Float64Array; seen: readonly Seen[] },
): Search {
  const gradient = Float64Array.from(pull);
  let inverse = covariance;
  const weights = seen.map(({ demand, offset, score }) => {
    const p = sigmoid(offset + dot(demand, shift));
    demand.forEach((value, i) => (gradient[i]! += (p - score) * value));
    inverse = narrowed(inverse, demand, p * (1 - p));
    return p * (1 - p);
  });
  const along = times(inverse, gradient);
  const rest = gradient;
  seen.forEach(({ demand }, n) => {
    const bend = weights[n]! * dot(demand, along);
    demand.forEach((value, i) => (rest[i]! -= bend * value));
  });
  return { shift: along, pull: rest };
}

/** matrix · vector, of a row-major square matrix. */
export function times(matrix: Float64Array, vector: ArrayLike<number>): Float64Array {
  const width = vector.length;
  const out = new Float64Array(width);
  for (let i = 0, at = 0; i < width; i++)
    for (let j = 0; j < width; j++) out[i]! += matrix[at++]! * vector[j]!;
  return out;
}

/** Of two vectors of equal length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
