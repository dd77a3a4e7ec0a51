/**
 * Whether a predicted 0.8 comes true eight times in ten.
 *
 * Predictions are sorted into equal bins of [0, 1]; in each, the mean prediction is held against the mean
 * outcome. ECE is the gap between the two, averaged with the bins' sizes as weights. Outcomes may lie
 * between 0 and 1; the Brier score is then the mean squared error. Neither says whether the router can
 * tell prompts apart: the base rate alone, given to everyone, is perfectly calibrated.
 *
 * Sums are kept by row, so that a resample of rows costs no second look at the predictions.
 *
 * Source: Guo et al. 2017 (ECE with 15 equal bins); Brier 1950.
 */

/** Bins of equal width. */
export const BINS = 15;

/** What one row contributes: three numbers a bin (count, predictions, outcomes), then the squared errors. */
const WIDTH = 3 * BINS + 1;

/** One prediction. */
export interface Prediction {
  /** Place of the row in the counts of a resample; a row may have many predictions. */
  readonly row: number;
  /** 0..1 */
  readonly score: number;
  /** 0..1 */
  readonly outcome: number;
}

/** Sums of predictions by row. */
export interface ReliabilitySums {
  readonly rows: readonly number[];
  readonly sums: readonly Float64Array[];
}

/** One bin of a reliability diagram; means are NaN in an empty one. */
export interface ReliabilityBin {
  readonly count: number;
  readonly meanScore: number;
  readonly meanOutcome: number;
}

export function reliabilitySums(predictions: readonly Prediction[]): ReliabilitySums {
  const byRow = new Map<number, Float64Array>();
  for (const { row, score, outcome } of predictions) {
    let sums = byRow.get(row);
    if (sums === undefined) byRow.set(row, (sums = new Float64Array(WIDTH)));
    const at = 3 * Math.min(Math.floor(score * BINS), BINS - 1);
    sums[at]! += 1;
    sums[at + 1]! += score;
    sums[at + 2]! += outcome;
    sums[WIDTH - 1]! += (score - outcome) ** 2;
  }
  return { rows: [...byRow.keys()], sums: [...byRow.values()] };
}

/** The bins of a reliability diagram, by ascending score. */
export function reliabilityBins(
  reliability: ReliabilitySums,
  counts?: Float64Array,
): ReliabilityBin[] {
  const total = totalOf(reliability, counts);
  return Array.from({ length: BINS }, (_, bin) => {
    const [count, scores, outcomes] = [total[3 * bin]!, total[3 * bin + 1]!, total[3 * bin + 2]!];
    return { count, meanScore: scores / count, meanOutcome: outcomes / count };
  });
}

/** Expected calibration error, 0..1; NaN without predictions. */
export function calibrationError(reliability: ReliabilitySums, counts?: Float64Array): number {
  const total = totalOf(reliability, counts);
  let [n, gap] = [0, 0];
  for (let at = 0; at < 3 * BINS; at += 3) {
    n += total[at]!;
    gap += Math.abs(total[at + 1]! - total[at + 2]!); // count × |mean score − mean outcome|
  }
  return gap / n;
}

/** Mean squared error, 0..1; NaN without predictions. */
export function brierScore(reliability: ReliabilitySums, counts?: Float64Array): number {
  const total = totalOf(reliability, counts);
  let n = 0;
  for (let at = 0; at < 3 * BINS; at += 3) n += total[at]!;
  return total[WIDTH - 1]! / n;
}

function totalOf({ rows, sums }: ReliabilitySums, counts?: Float64Array): Float64Array {
  const total = new Float64Array(WIDTH);
  rows.forEach((row, i) => {
    const count = counts?.[row] ?? 1;
    if (count === 0) return;
    const own = sums[i]!;
    for (let k = 0; k < WIDTH; k++) total[k]! += count * own[k]!;
  });
  return total;
}
