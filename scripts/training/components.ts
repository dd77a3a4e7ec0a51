/**
 * Principal components of prompts: the E, P and c of families/query.ts, from prompts alone.
 *
 * A prompt is a long row: its bag, each gram weighted by how rare it is, and its squeezed statistics.
 * The directions in which such rows differ most are found by subspace iteration on the centred matrix,
 * which is never written down. No outcome is looked at, so what is near is decided by what prompts say.
 *
 * Leading directions differ far more than the last ones. `evenness` says how much of that is taken back:
 * at 0 distances are those of the rows, at a large value no direction spreads further than another.
 * Either way the total variance is D, one for each number.
 *
 * Sources: Halko, Martinsson and Tropp 0909.4061 (subspace iteration); Deerwester et al. 1990 (latent
 * semantic analysis).
 */
import { choleskyFactor, solveLower } from "../../router-models/families/cholesky.ts";
import type { Standardisation } from "../../router-models/families/mf.ts";
import { normalFrom, randomFrom } from "../../worker/lib/prng.ts";
import type { Corpus } from "./corpus.ts";
import type { Example } from "./examples.ts";

const ITERATIONS = 3;
/** Of the mean variance, added to every direction before anything is divided: nothing is divided by 0. */
const LEAST_VARIANCE = 1e-6;

export interface ComponentOptions {
  readonly corpus: Corpus;
  /** D. */
  readonly width: number;
  /** How much a statistic counts; the bags have unit length in the mean. */
  readonly surfaceWeight: number;
  readonly evenness: number;
  readonly seed: number;
}

export interface Components {
  readonly width: number;
  /** E [tableRows, D], P [statistics, D] and c [D], in one scale with the vectors. */
  readonly table: Float64Array;
  readonly surface: Float64Array;
  readonly bias: Float64Array;
  /** q of each example, [examples, D]. */
  readonly vectors: Float64Array;
}

export function componentsOf(examples: readonly Example[], options: ComponentOptions): Components {
  const { corpus, width, surfaceWeight, seed } = options;
  const tableRows = corpus.isKnown.length;
  const factors = factorsOf(examples, corpus, surfaceWeight);
  const rows = sparseRows(examples, corpus, factors);
  const normal = normalFrom(randomFrom(seed));
  let basis: Float64Array = Float64Array.from({ length: factors.length * width }, normal);
  for (let i = 0; i < ITERATIONS; i++)
    basis = transposedTimes(rows, times(rows, orthonormal(basis, width), width), width);
  basis = orthonormal(basis, width);
  const spread = spreadOf(times(rows, basis, width), width, options.evenness);
  mapRows(basis, width, (row) => solveLower(spread, row));
  const bias = negatedMean(rows, basis, width);
  const vectors = times(rows, basis, width);
  mapRows(basis, width, (row, column) => row.map((x) => x * factors[column]!));
  return {
    width,
    table: basis.slice(0, tableRows * width),
    surface: basis.slice(tableRows * width),
    bias,
    vectors,
  };
}

/** Entries of row r stand from `starts[r]` to `starts[r + 1]`. */
interface SparseRows {
  readonly starts: Uint32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
  readonly mean: Float64Array;
}

/**
 * What each column is multiplied with: rarity for a gram, 0 for one that is not known or in no example, else
 * the surface's weight.
 */
function factorsOf(
  examples: readonly Example[],
  { isKnown, standardisation }: Corpus,
  surfaceWeight: number,
): Float64Array {
  const documents = new Float64Array(isKnown.length);
  for (const { features } of examples) for (const id of features.ids) documents[id]!++;
  const rarity = documents.map((n, id) =>
    isKnown[id] === 1 && n > 0 ? Math.log((examples.length + 1) / n) : 0,
  );
  let squares = 0;
  for (const { features } of examples)
    features.ids.forEach((id, i) => (squares += (features.weights[i]! * rarity[id]!) ** 2));
  const scale = 1 / Math.sqrt(Math.max(squares / examples.length, 1e-12));
  return Float64Array.from([
    ...rarity.map((x) => x * scale),
    ...standardisation.mean.map(() => surfaceWeight),
  ]);
}

function sparseRows(
  examples: readonly Example[],
  { isKnown, standardisation }: Corpus,
  factors: Float64Array,
): SparseRows {
  const perRow = standardisation.mean.length;
  const entries = examples.reduce((sum, { features }) => sum + features.ids.length + perRow, 0);
  const columns = new Int32Array(entries);
  const values = new Float64Array(entries);
  const starts = new Uint32Array(examples.length + 1);
  const mean = new Float64Array(factors.length);
  let at = 0;
  function put(column: number, x: number): void {
    if (x === 0) return;
    columns[at] = column;
    values[at++] = x;
    mean[column]! += x / examples.length;
  }
  examples.forEach(({ features }, r) => {
    features.ids.forEach((id, i) => put(id, factors[id]! * features.weights[i]!));
    squeezed(features.statistics, standardisation).forEach((x, s) =>
      put(isKnown.length + s, factors[isKnown.length + s]! * x),
    );
    starts[r + 1] = at;
  });
  return { starts, columns, values, mean };
}

/** As families/query.ts squeezes them. */
function squeezed(statistics: Float32Array, { mean, deviation }: Standardisation): Float64Array {
  return Float64Array.from(statistics, (x, s) =>
    Math.tanh((0.5 * (x - mean[s]!)) / Math.max(deviation[s]!, 1e-3)),
  );
}

/** (Rows − mean) · basis [columns, D]: [rows, D]. */
function times(rows: SparseRows, basis: Float64Array, D: number): Float64Array {
  const { starts, columns, values } = rows;
  const offset = negatedMean(rows, basis, D);
  const out = new Float64Array((starts.length - 1) * D);
  for (let r = 0; r + 1 < starts.length; r++) {
    const to = r * D;
    for (let d = 0; d < D; d++) out[to + d] = offset[d]!;
    for (let e = starts[r]!; e < starts[r + 1]!; e++) {
      const [x, from] = [values[e]!, columns[e]! * D];
      for (let d = 0; d < D; d++) out[to + d]! += x * basis[from + d]!;
    }
  }
  return out;
}

/** (Rows − mean)ᵀ · vectors [rows, D]: [columns, D]. */
function transposedTimes(rows: SparseRows, vectors: Float64Array, D: number): Float64Array {
  const { starts, columns, values, mean } = rows;
  const out = new Float64Array(mean.length * D);
  const sums = new Float64Array(D);
  for (let r = 0; r + 1 < starts.length; r++) {
    const from = r * D;
    for (let d = 0; d < D; d++) sums[d]! += vectors[from + d]!;
    for (let e = starts[r]!; e < starts[r + 1]!; e++) {
      const [x, to] = [values[e]!, columns[e]! * D];
      for (let d = 0; d < D; d++) out[to + d]! += x * vectors[from + d]!;
    }
  }
  mapRows(out, D, (row, column) => row.map((x, d) => x - mean[column]! * sums[d]!));
  return out;
}

function negatedMean({ mean }: SparseRows, basis: Float64Array, D: number): Float64Array {
  const out = new Float64Array(D);
  mean.forEach((x, column) => {
    if (x !== 0) for (let d = 0; d < D; d++) out[d]! -= x * basis[column * D + d]!;
  });
  return out;
}

/** Columns that span the same space at right angles, by the factor of their products. */
function orthonormal(basis: Float64Array, D: number): Float64Array {
  const factor = choleskyFactor(products(basis, D));
  mapRows(basis, D, (row) => solveLower(factor, row));
  return basis;
}

/** L by which vectors are divided: of their covariance and a share of the identity, for a total variance of D. */
function spreadOf(vectors: Float64Array, D: number, evenness: number): Float64Array {
  const count = vectors.length / D;
  const covariance = products(vectors, D).map((x) => x / count);
  let mean = 0;
  for (let d = 0; d < D; d++) mean += covariance[d * D + d]! / D;
  const share = 1 / (1 + evenness);
  const mixed = covariance.map((x) => (1 - share) * x);
  for (let d = 0; d < D; d++) mixed[d * D + d]! += (share + LEAST_VARIANCE) * mean;
  const factor = choleskyFactor(mixed);
  // What is left of the variance after the division, as the trace of L⁻¹ Σ L⁻ᵀ.
  const once = covariance.slice();
  mapRows(once, D, (row) => solveLower(factor, row));
  let left = 0;
  for (let d = 0; d < D; d++) {
    const column = Float64Array.from({ length: D }, (_, i) => once[i * D + d]!);
    left += solveLower(factor, column)[d]!;
  }
  return factor.map((x) => x * Math.sqrt(left / D));
}

/** Aᵀ · A of a matrix with D columns; a column of zeros gets a little of its own. */
function products(matrix: Float64Array, D: number): Float64Array {
  const out = new Float64Array(D * D);
  for (let from = 0; from < matrix.length; from += D)
    for (let i = 0; i < D; i++) {
      const x = matrix[from + i]!;
      if (x !== 0) for (let j = 0; j <= i; j++) out[i * D + j]! += x * matrix[from + j]!;
    }
  for (let i = 0; i < D; i++) {
    out[i * D + i]! += 1e-12 + 1e-9 * out[i * D + i]!;
    for (let j = 0; j < i; j++) out[j * D + i] = out[i * D + j]!;
  }
  return out;
}

function mapRows(
  matrix: Float64Array,
  D: number,
  change: (row: Float64Array, index: number) => Float64Array,
): void {
  for (let at = 0; at < matrix.length; at += D)
    matrix.set(change(matrix.slice(at, at + D), at / D), at);
}
