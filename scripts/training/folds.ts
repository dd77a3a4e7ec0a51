/**
 * How training rows are left out, and what a prediction of left-out rows is worth. Folds go by gid, so
 * one question never stands on both sides; few rows are split into more folds.
 */
import { hashText } from "../../worker/lib/prng.ts";
import type { Example } from "./examples.ts";

/** Fewer rows than this are split into SMALL_FOLDS folds, more leave one tenth out once. */
const SMALL = 3_000;
const SMALL_FOLDS = 4;

export interface HeldOut {
  readonly example: Example;
  /** float32 [models] */
  readonly logits: Float32Array;
}

export interface Fold {
  readonly train: readonly Example[];
  readonly test: readonly Example[];
}

/** Whether so many rows are few, for training as for folds. */
export function isSmall(rows: number): boolean {
  return rows < SMALL;
}

export function foldsOf(examples: readonly Example[]): Fold[] {
  const left = isSmall(examples.length) ? SMALL_FOLDS : 1;
  const buckets = isSmall(examples.length) ? SMALL_FOLDS : 10;
  const folds: Fold[] = [];
  for (let k = 0; k < left; k++) {
    const test = examples.filter(({ gid }) => hashText(gid) % buckets === k);
    const train = examples.filter(({ gid }) => hashText(gid) % buckets !== k);
    if (test.length > 0 && train.length > 0) folds.push({ train, test });
  }
  // All rows ask one question: nothing can be left out, so the plans are judged on what they saw.
  return folds.length > 0 ? folds : [{ train: examples, test: examples }];
}

/** Binary cross-entropy in nats: the mean of each dataset's mean, weighted by the root of its rows. */
export function meanLoss(heldOut: readonly HeldOut[]): number {
  const byDataset = new Map<string, { sum: number; rows: number }>();
  for (const { example, logits } of heldOut) {
    const weight = example.weight ?? 1;
    const entry = byDataset.get(example.dataset) ?? { sum: 0, rows: 0 };
    let loss = 0;
    for (const [m, score] of example.scores) {
      const z = logits[m]!;
      loss += Math.max(z, 0) - z * score + Math.log1p(Math.exp(-Math.abs(z)));
    }
    entry.sum += (weight * loss) / example.scores.length;
    entry.rows += weight;
    byDataset.set(example.dataset, entry);
  }
  let sum = 0;
  let weights = 0;
  for (const { sum: loss, rows } of byDataset.values()) {
    sum += (loss / rows) * Math.sqrt(rows);
    weights += Math.sqrt(rows);
  }
  return sum / weights;
}
