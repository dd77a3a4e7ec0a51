/**
 * Logistic regression on counted outcomes, with any quadratic penalty: the one fit that the families in
 * closed form are made of. Ridge, shrinkage towards a mean and smoothing along a graph differ only in
 * the penalty's matrix.
 *
 * Newton's method. The curvature of an outcome is kept above a floor, so that a step never leaps into
 * the flat part of the curve; that costs a few steps and nothing else, for the minimum is the same.
 */
import { choleskyFactor, solveFactored } from "../../router-models/families/cholesky.ts";

/** One kind of outcome: weighted trials, of which `successes` (0..trials) were good. */
export interface Cell {
  readonly trials: number;
  readonly successes: number;
  /** Added to the logit. */
  readonly offset: number;
  readonly design: ArrayLike<number>;
}

const MAX_STEPS = 25;
const LEAST_CURVATURE = 0.06;
const TOLERANCE = 1e-4;

/**
 * x that minimises Σ cross-entropy(design · x + offset) + ½ xᵀ · penalty · x, begun at `start`. The
 * penalty [n, n] must be positive definite.
 */
export function fitPenalised(
  cells: readonly Cell[],
  penalty: Float64Array,
  start: ArrayLike<number>,
): Float64Array {
  const x = Float64Array.from(start);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { curvature, slope } = derivatives(cells, penalty, x);
    const change = solveFactored(choleskyFactor(curvature), slope);
    change.forEach((d, i) => (x[i]! -= d));
    if (change.every((d) => Math.abs(d) < TOLERANCE)) break;
  }
  return x;
}

function derivatives(
  cells: readonly Cell[],
  penalty: Float64Array,
  x: Float64Array,
): { curvature: Float64Array; slope: Float64Array } {
  const n = x.length;
  const curvature = penalty.slice();
  const slope = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) slope[i]! += penalty[i * n + j]! * x[j]!;
  for (const { trials, successes, offset, design } of cells) {
    let logit = offset;
    for (let i = 0; i < n; i++) logit += design[i]! * x[i]!;
    const p = 1 / (1 + Math.exp(-logit));
    const error = trials * p - successes;
    const weight = trials * Math.max(p * (1 - p), LEAST_CURVATURE);
    for (let i = 0; i < n; i++) {
      const d = design[i]!;
      if (d === 0) continue;
      slope[i]! += error * d;
      for (let j = 0; j <= i; j++) curvature[i * n + j]! += weight * d * design[j]!;
    }
  }
  return { curvature, slope };
}

/** A matrix with these numbers on its diagonal. */
export function diagonal(values: readonly number[]): Float64Array {
  const matrix = new Float64Array(values.length ** 2);
  values.forEach((x, i) => (matrix[i * values.length + i] = x));
  return matrix;
}
