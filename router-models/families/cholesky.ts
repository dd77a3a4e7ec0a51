/**
 * Systems of linear equations with a symmetric positive definite matrix, by Cholesky's factor. Ridge
 * regressions, posteriors and Newton steps are all of this kind. Matrices are square, row-major and in
 * double precision.
 */

/** The lower triangle L with L · Lᵀ = A, of which only the lower triangle is read. Throws where A is not positive definite. */
export function choleskyFactor(a: Float64Array): Float64Array {
  const n = Math.sqrt(a.length);
  const factor = new Float64Array(a.length);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
      if (i !== j) factor[i * n + j] = sum / factor[j * n + j]!;
      else if (sum > 0) factor[i * n + i] = Math.sqrt(sum);
      else throw new Error(`Cannot factor a matrix that is not positive definite (at ${i})`);
    }
  return factor;
}

/** y with L · y = b. */
export function solveLower(factor: Float64Array, b: ArrayLike<number>): Float64Array {
  const n = b.length;
  const y = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) y[i]! -= factor[i * n + k]! * y[k]!;
    y[i]! /= factor[i * n + i]!;
  }
  return y;
}

/** x with A · x = b, given A's factor. */
export function solveFactored(factor: Float64Array, b: ArrayLike<number>): Float64Array {
  const n = b.length;
  const x = solveLower(factor, b);
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  return x;
}
