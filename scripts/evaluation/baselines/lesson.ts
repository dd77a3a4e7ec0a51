/**
 * What a baseline learns from: features of training rows and one or more numbers to predict from them.
 *
 * A baseline has one setting (neighbours, strength of the penalty). It is chosen on training rows that
 * were left out of the fit, by squared error, and never by the rows that are examined. Rows of one gid
 * are left out together. Few rows are left out five times over, many once.
 */
import type { Features } from "../../../router-models/features/extract.ts";
import { hashText } from "../../../worker/lib/prng.ts";

export interface Lesson {
  readonly features: readonly Features[];
  /** The question of each row. */
  readonly gids: readonly string[];
  /** By target, then by row; NaN where a row does not have it. */
  readonly targets: readonly Float64Array[];
}

/** What was learnt. */
export interface Learnt {
  /** One number for each target. */
  readonly predict: (features: Features) => readonly number[];
  /** The setting that left-out rows chose. */
  readonly setting: number;
}

const FOLDS = 5;
/** Fewer rows than this are left out fold after fold. */
const FEW = 1_500;

/** For each fold, 1 for the rows that are left out. None where all rows ask one question. */
export function foldsOf(gids: readonly string[]): Uint8Array[] {
  const folds = gids.length < FEW ? FOLDS : 1;
  return Array.from({ length: folds }, (_, k) =>
    Uint8Array.from(gids, (gid) => (hashText(`baseline:${gid}`) % FOLDS === k ? 1 : 0)),
  ).filter((fold) => fold.includes(1) && fold.includes(0));
}

/** Mean of the target over rows that have it and are not left out; 0 for none. */
export function meanOf(target: Float64Array, leftOut?: Uint8Array): number {
  let [n, sum] = [0, 0];
  target.forEach((y, row) => {
    if (Number.isNaN(y) || leftOut?.[row] === 1) return;
    n++;
    sum += y;
  });
  return n === 0 ? 0 : sum / n;
}

/** The setting with the least error; the first of equals, and of errors that are not numbers. */
export function leastError(settings: readonly number[], errors: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < settings.length; i++) if (errors[i]! < errors[best]!) best = i;
  return settings[best]!;
}
