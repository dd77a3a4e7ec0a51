/**
 * Ridge regression on the router's own features: what a linear model gets out of them.
 *
 * A router with hidden layers, abilities and several losses has to be worth them, so the same hashed bag
 * and the same surface statistics go into a straight line as well. Columns: the bag (unit length), the
 * standardised statistics scaled to about unit length together, and a constant that is hardly penalised.
 * All targets share the strength of the penalty, so the difference of two targets that the same rows
 * have is itself the ridge regression of their difference.
 *
 * Solved by conjugate gradients on the normal equations, from strong to weak penalties, each begun at
 * the solution before. It stops where the residual has shrunk a thousandfold: beyond that digits move
 * which no choice depends on.
 *
 * Source: Hestenes and Stiefel 1952 (CGNR).
 */
import type { Features } from "../../../router-models/features/extract.ts";
import { STATISTICS, type StatisticName } from "../../../router-models/features/statistics.ts";
import { foldsOf, leastError, meanOf, type Learnt, type Lesson } from "./lesson.ts";

/** Which columns go in. */
export interface Columns {
  /** Rows of the bag's table; 0 leaves the bag out. */
  readonly tableRows: number;
  readonly statistics: readonly StatisticName[];
}

/** Penalties on a row's squared weight, strongest first. */
const PENALTIES = [1_000, 300, 100, 30, 10, 3, 1];
/** The constant's column; its weight is penalised a hundredfold less. */
const CONSTANT = 10;
const TOLERANCE = 1e-3;
const MOST_STEPS = 200;

/** The setting is the penalty. */
export function learnRidge(lesson: Lesson, columns: Columns): Learnt {
  const encode = encoderOf(lesson.features, columns);
  const rows = lesson.features.map(encode);
  const width = columns.tableRows + columns.statistics.length + 1;
  const errors = new Float64Array(PENALTIES.length);
  for (const leftOut of foldsOf(lesson.gids))
    for (const target of lesson.targets) {
      const problem = { rows, width, target, leftOut };
      along(problem, PENALTIES, (weights, i) => {
        const mean = meanOf(target, leftOut);
        rows.forEach((row, r) => {
          if (leftOut[r] === 0 || Number.isNaN(target[r])) return;
          errors[i]! += (mean + dot(row, weights) - target[r]!) ** 2;
        });
      });
    }
  const setting = leastError(PENALTIES, errors);
  const path = PENALTIES.slice(0, PENALTIES.indexOf(setting) + 1);
  const solved = lesson.targets.map((target) => ({
    mean: meanOf(target),
    weights: along({ rows, width, target }, path, () => undefined),
  }));
  return {
    setting,
    predict(features) {
      const row = encode(features);
      return solved.map(({ mean, weights }) => mean + dot(row, weights));
    },
  };
}

/** The columns of one row that are not 0. */
interface SparseRow {
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

function encoderOf(
  train: readonly Features[],
  { tableRows, statistics }: Columns,
): (features: Features) => SparseRow {
  const scale = 1 / Math.sqrt(Math.max(statistics.length, 1));
  const scaled = statistics.map((name) => {
    const at = STATISTICS.indexOf(name);
    const values = train.map((features) => features.statistics[at]!);
    const mean = values.reduce((a, b) => a + b, 0) / Math.max(values.length, 1);
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / Math.max(values.length, 1));
    return { at, mean, factor: deviation > 0 ? scale / deviation : 0 };
  });
  return ({ ids, weights, statistics: values }) => ({
    columns: Int32Array.from([
      ...(tableRows > 0 ? ids : []),
      ...scaled.map((_, s) => tableRows + s),
      tableRows + scaled.length,
    ]),
    values: Float64Array.from([
      ...(tableRows > 0 ? weights : []),
      ...scaled.map(({ at, mean, factor }) => (values[at]! - mean) * factor),
      CONSTANT,
    ]),
  });
}

interface Problem {
  readonly rows: readonly SparseRow[];
  readonly width: number;
  readonly target: Float64Array;
  /** 1 for rows that stay out of the fit. */
  readonly leftOut?: Uint8Array;
}

/** Solves for one penalty after the other, and answers the weights of the last. */
function along(
  { rows, width, target, leftOut }: Problem,
  penalties: readonly number[],
  onSolved: (weights: Float64Array, at: number) => void,
): Float64Array {
  const kept = rows.filter((_, r) => leftOut?.[r] !== 1 && !Number.isNaN(target[r]));
  const mean = meanOf(target, leftOut);
  const y = target
    .filter((value, r) => leftOut?.[r] !== 1 && !Number.isNaN(value))
    .map((value) => value - mean);
  const weights = new Float64Array(width);
  penalties.forEach((penalty, i) => {
    descend({ kept, y, penalty }, weights);
    onSolved(weights, i);
  });
  return weights;
}

/** Moves `weights` to the minimum of ‖X w − y‖² + penalty ‖w‖², in place. */
function descend(
  { kept, y, penalty }: { kept: readonly SparseRow[]; y: Float64Array; penalty: number },
  weights: Float64Array,
): void {
  const residual = y.map((value, r) => value - dot(kept[r]!, weights));
  const gradient = backward(kept, residual, weights.length);
  gradient.forEach((g, c) => (gradient[c] = g - penalty * weights[c]!));
  const direction = gradient.slice();
  let norm = square(gradient);
  const enough = TOLERANCE ** 2 * square(backward(kept, y, weights.length));
  for (let step = 0; step < MOST_STEPS && norm > enough; step++) {
    const moved = Float64Array.from(kept, (row) => dot(row, direction));
    const length = norm / (square(moved) + penalty * square(direction));
    const pull = backward(kept, moved, weights.length);
    for (let c = 0; c < weights.length; c++) {
      weights[c]! += length * direction[c]!;
      gradient[c]! -= length * (pull[c]! + penalty * direction[c]!);
    }
    const next = square(gradient);
    for (let c = 0; c < weights.length; c++)
      direction[c] = gradient[c]! + (next / norm) * direction[c]!;
    norm = next;
  }
}

/** Xᵀ v */
function backward(rows: readonly SparseRow[], v: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  rows.forEach(({ columns, values }, r) => {
    const factor = v[r]!;
    for (let i = 0; i < columns.length; i++) sums[columns[i]!]! += factor * values[i]!;
  });
  return sums;
}

function dot({ columns, values }: SparseRow, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < columns.length; i++) sum += values[i]! * weights[columns[i]!]!;
  return sum;
}

function square(v: Float64Array): number {
  let sum = 0;
  for (const value of v) sum += value * value;
  return sum;
}
