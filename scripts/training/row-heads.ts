/**
 * The heads of the families in closed form: failure, answer length and task, read off what the rows say.
 *
 * Lengths come apart into a prompt's level and a model's offset, both as means of ln(tokens). The spread
 * between median and 90th percentile is one number, measured on what the level leaves unexplained.
 * Columns stand in the order of families/answer.ts, from the difficulty on, which is left at 0.
 */
import { choleskyFactor, solveFactored } from "../../router-models/families/cholesky.ts";
import type { Example } from "./examples.ts";

/** Outcomes that a shrunk mean is worth. */
const SHRINKAGE = 5;
const ALTERNATIONS = 3;
/** Of a 200-token answer, where no row says how long answers are. */
const USUAL_LEVEL = Math.log(200);
const USUAL_SPREAD = 0.7;

export interface HeadLabels {
  /** 1 − mean score, by row. */
  readonly failure: Float64Array;
  /** Mean ln(tokens) beyond the models' offsets, by row; NaN where it is not known. */
  readonly level: Float64Array;
  /** What each row's answers have beyond level and offset. */
  readonly residuals: readonly (readonly number[])[];
  /** Index of the task, by row; −1 where it is not known. */
  readonly task: Int8Array;
  readonly tasks: number;
  /** By model: how much longer its answers are, in ln(tokens). */
  readonly tokenOffsets: Float32Array<ArrayBuffer>;
}

export function headLabelsOf(
  examples: readonly Example[],
  { models, tasks }: { models: number; tasks: number },
): HeadLabels {
  const level = new Float64Array(examples.length);
  const tokenOffsets = new Float32Array(models);
  for (let i = 0; i < ALTERNATIONS; i++) {
    examples.forEach(({ logTokens }, r) => {
      level[r] = average(logTokens.map(([m, value]) => value - tokenOffsets[m]!));
    });
    const sums = new Float64Array(models);
    const counts = new Float64Array(models).fill(SHRINKAGE);
    examples.forEach(({ logTokens }, r) => {
      for (const [m, value] of logTokens) {
        sums[m]! += value - level[r]!;
        counts[m]!++;
      }
    });
    sums.forEach((sum, m) => (tokenOffsets[m] = sum / counts[m]!));
  }
  return {
    failure: Float64Array.from(examples, ({ scores }) => 1 - average(scores.map(([, s]) => s))),
    level,
    residuals: examples.map(({ logTokens }, r) =>
      logTokens.map(([m, value]) => value - tokenOffsets[m]! - level[r]!),
    ),
    task: Int8Array.from(examples, ({ task }) => task),
    tasks,
    tokenOffsets,
  };
}

/** Heads of prototypes, each the mean of the rows that belong to it: [prototypes, 4 + tasks]. `shares` is [rows, prototypes]. */
export function prototypeHeads(shares: Float32Array, labels: HeadLabels): Float64Array {
  const rows = labels.failure.length;
  const prototypes = shares.length / Math.max(rows, 1);
  const overall = meanHeads(new Float64Array(rows).fill(1), labels);
  const spread = spreadOf(
    labels,
    labels.level.map(() => 0),
  );
  return Float64Array.from(
    Array.from({ length: prototypes }, (_, j) => {
      const weights = Float64Array.from({ length: rows }, (__, r) => shares[r * prototypes + j]!);
      const { failure, level, tasks } = meanHeads(weights, labels, overall);
      return [0, logit(failure), level, spread, ...tasks.map(Math.log)];
    }).flat(),
  );
}

interface MeanHeads {
  readonly failure: number;
  readonly level: number;
  readonly tasks: readonly number[];
}

/** Weighted means, shrunk to those of all rows. */
function meanHeads(weights: Float64Array, labels: HeadLabels, prior?: MeanHeads): MeanHeads {
  const from = prior ?? { failure: 0.5, level: USUAL_LEVEL, tasks: [] };
  const strength = prior === undefined ? 1 : SHRINKAGE;
  const failure = { sum: strength * from.failure, weight: strength };
  const level = { sum: strength * from.level, weight: strength };
  const tasks = Array.from(
    { length: labels.tasks },
    (_, t) => strength * (from.tasks[t] ?? 1 / labels.tasks),
  );
  weights.forEach((w, r) => {
    failure.sum += w * labels.failure[r]!;
    failure.weight += w;
    if (!Number.isNaN(labels.level[r]!)) {
      level.sum += w * labels.level[r]!;
      level.weight += w;
    }
    const task = labels.task[r]!;
    if (task >= 0) tasks[task]! += w;
  });
  const total = tasks.reduce((a, b) => a + b, 0);
  return {
    failure: failure.sum / failure.weight,
    level: level.sum / level.weight,
    tasks: tasks.map((t) => t / total),
  };
}

/**
 * Heads as straight lines through q [rows, D], by ridge regression: weight [D, 4 + tasks] and bias.
 * Probabilities are fitted on the tangent of the logit at one half.
 */
export function linearHeads(
  vectors: Float64Array,
  labels: HeadLabels,
): { weight: Float64Array; bias: Float64Array } {
  const rows = labels.failure.length;
  const D = vectors.length / rows;
  const known = labels.level.filter((x) => !Number.isNaN(x));
  const usual = known.length === 0 ? USUAL_LEVEL : average([...known]);
  const targets = [
    labels.failure.map((f) => 4 * (f - 0.5)),
    labels.level.map((x) => (Number.isNaN(x) ? usual : x)),
    ...Array.from({ length: labels.tasks }, (_, t) =>
      Float64Array.from(labels.task, (task) => (task < 0 ? 0 : task === t ? 2 : -2)),
    ),
  ];
  const [failure, level, ...tasks] = ridges(vectors, targets);
  const heights =
    vectors.length === 0 ? [] : labels.level.map((_, r) => heightAt(vectors, level!, r));
  const above = labels.level.map((x, r) => (Number.isNaN(x) ? 0 : x - heights[r]!));
  const spread = new Float64Array(D + 1);
  spread[D] = spreadOf(labels, above);
  const columns = [new Float64Array(D + 1), failure!, level!, spread, ...tasks];
  return {
    weight: Float64Array.from({ length: D * columns.length }, (_, i) => {
      const [d, c] = [Math.floor(i / columns.length), i % columns.length];
      return columns[c]![d]!;
    }),
    bias: Float64Array.from(columns, (column) => column[D]!),
  };
}

/** For each target D weights and a constant. */
function ridges(vectors: Float64Array, targets: readonly Float64Array[]): Float64Array[] {
  const rows = targets[0]!.length;
  const D = vectors.length / rows;
  const n = D + 1;
  const gram = new Float64Array(n * n);
  const sums = targets.map(() => new Float64Array(n));
  const z = new Float64Array(n);
  for (let r = 0; r < rows; r++) {
    z.set(vectors.subarray(r * D, (r + 1) * D));
    z[D] = 1;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) gram[i * n + j]! += z[i]! * z[j]!;
      targets.forEach((target, t) => (sums[t]![i]! += z[i]! * target[r]!));
    }
  }
  for (let i = 0; i < n; i++) gram[i * n + i]! += SHRINKAGE;
  const factor = choleskyFactor(gram);
  return sums.map((sum) => solveFactored(factor, sum));
}

function heightAt(vectors: Float64Array, line: Float64Array, row: number): number {
  const D = line.length - 1;
  let height = line[D]!;
  for (let d = 0; d < D; d++) height += line[d]! * vectors[row * D + d]!;
  return height;
}

/** The graph's spread: softplus of it leads from the predicted median to the 90th percentile. `above` is by how much a row's level exceeds the predicted one. */
function spreadOf({ residuals }: HeadLabels, above: ArrayLike<number>): number {
  const all = residuals
    .flatMap((list, r) => list.map((x) => x + above[r]!))
    .toSorted((a, b) => a - b);
  const distance = all.length === 0 ? USUAL_SPREAD : all[Math.floor(0.9 * all.length)]!;
  return Math.log(Math.expm1(Math.max(distance, 0.05)));
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** NaN for none. */
function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
