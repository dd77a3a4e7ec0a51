/**
 * From a router's logit to a probability that can be compared with a promise.
 *
 * A router is trained to order models; what it calls 0.8 need not happen eight times in ten. The map
 * is chosen by how many labels there are to fit it: none below 500 (the raw sigmoid is better than a
 * fit to noise), Platt's two numbers up to 2,000, the isotonic regression above. Every map is
 * non-decreasing, so calibration never reorders models.
 *
 * Source: Platt 1999; Zadrozny and Elkan 2002 (pool adjacent violators); Niculescu-Mizil and Caruana
 * 2005 (with few labels Platt's map errs less than the isotonic one).
 */
import type { Calibration } from "./manifest.ts";
import { exp, log1p } from "./portable-math.ts";

/** Prompts. */
const PLATT_FROM = 500;
const ISOTONIC_FROM = 2_000;
/** Knots of the isotonic map that ships; the fit is resampled to so many quantiles of the logit. */
const KNOTS = 33;
/** No score is certain. */
const MIN_SCORE = 0.001;

export interface LabelledLogit {
  readonly logit: number;
  /** Quality in [0, 1]. */
  readonly label: number;
  /** How much the label counts; 1 unless given. */
  readonly weight?: number;
}

/** The calibrated probability in [MIN_SCORE, 1 − MIN_SCORE] that an answer with this logit is good. */
export function calibrate(calibration: Calibration, logit: number): number {
  return Math.min(Math.max(rawScore(calibration, logit), MIN_SCORE), 1 - MIN_SCORE);
}

function rawScore(calibration: Calibration, logit: number): number {
  if (calibration.kind === "isotonic")
    return interpolate(calibration.logits, calibration.scores, logit);
  if (calibration.kind === "platt")
    return sigmoid(calibration.slope * logit + calibration.intercept);
  return sigmoid(logit);
}

/**
 * Fits the map that the data allow, on rows that the router was not trained on. `prompts` counts the
 * questions behind the rows: fifty models on one prompt are far from fifty independent labels.
 */
export function fitCalibration(rows: readonly LabelledLogit[], prompts: number): Calibration {
  if (prompts < PLATT_FROM) return { kind: "identity" };
  if (prompts < ISOTONIC_FROM) return fitPlatt(rows);
  return fitIsotonic(rows);
}

/** σ(slope · logit + intercept) */
interface PlattMap {
  readonly slope: number;
  readonly intercept: number;
}

const NEWTON_STEPS = 50;
/** Pull towards the raw sigmoid: keeps the fit finite when the labels separate perfectly. */
const RIDGE = 1e-3;

/**
 * Maximum likelihood by Newton's method. The loss is convex, but where the sigmoid is saturated a whole
 * step overshoots and never comes back, so each is halved until the loss falls.
 */
function fitPlatt(rows: readonly LabelledLogit[]): Calibration {
  let map: PlattMap = { slope: 1, intercept: 0 };
  let loss = plattLoss(rows, map);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const direction = newtonStep(rows, map);
    let next = map;
    let nextLoss = loss;
    for (let share = 1; share > 1e-6 && !(nextLoss < loss); share /= 2) {
      next = {
        slope: map.slope - share * direction.slope,
        intercept: map.intercept - share * direction.intercept,
      };
      nextLoss = plattLoss(rows, next);
    }
    if (!(nextLoss < loss)) break;
    [map, loss] = [next, nextLoss];
  }
  if (map.slope <= 0) return { kind: "identity" }; // Labels that contradict the order: trust the order.
  return { kind: "platt", ...map };
}

/** Mean cross-entropy in nats, and the ridge. */
function plattLoss(rows: readonly LabelledLogit[], { slope, intercept }: PlattMap): number {
  let sum = 0;
  for (const { logit, label, weight = 1 } of rows) {
    const z = slope * logit + intercept;
    sum += weight * (Math.max(z, 0) + log1p(exp(-Math.abs(z))) - z * label);
  }
  return sum / totalWeight(rows) + (RIDGE / 2) * ((slope - 1) ** 2 + intercept ** 2);
}

/** Gradient of the loss through the inverse of its Hessian. */
function newtonStep(rows: readonly LabelledLogit[], { slope, intercept }: PlattMap): PlattMap {
  const total = totalWeight(rows);
  let [gs, gi, hss, hsi, hii] = [RIDGE * (slope - 1), RIDGE * intercept, RIDGE, 0, RIDGE];
  for (const { logit, label, weight = 1 } of rows) {
    const p = sigmoid(slope * logit + intercept);
    const w = (weight * (p * (1 - p))) / total;
    const error = (weight * (p - label)) / total;
    gs += error * logit;
    gi += error;
    hss += w * logit * logit;
    hsi += w * logit;
    hii += w;
  }
  const determinant = hss * hii - hsi * hsi;
  return {
    slope: (hii * gs - hsi * gi) / determinant,
    intercept: (hss * gi - hsi * gs) / determinant,
  };
}

function totalWeight(rows: readonly LabelledLogit[]): number {
  return rows.reduce((sum, { weight = 1 }) => sum + weight, 0);
}

interface Block {
  sum: number;
  count: number;
  logit: number;
}

/** Pools adjacent violators, then keeps KNOTS points of the resulting steps. */
function fitIsotonic(rows: readonly LabelledLogit[]): Calibration {
  const sorted = rows.toSorted((a, b) => a.logit - b.logit);
  const blocks: Block[] = [];
  for (const tie of tiesOf(sorted)) {
    let block = tie;
    for (let last = blocks.at(-1); last !== undefined; last = blocks.at(-1)) {
      if (last.sum / last.count < block.sum / block.count) break;
      block = {
        sum: last.sum + block.sum,
        count: last.count + block.count,
        logit: (last.logit * last.count + block.logit * block.count) / (last.count + block.count),
      };
      blocks.pop();
    }
    blocks.push(block);
  }
  const xs = blocks.map(({ logit }) => logit);
  const ys = blocks.map(({ sum, count }) => sum / count);
  const logits: number[] = [];
  const scores: number[] = [];
  for (let k = 0; k < KNOTS; k++) {
    const at = sorted[Math.round((k / (KNOTS - 1)) * (sorted.length - 1))]!.logit;
    if (at === logits.at(-1)) continue;
    logits.push(at);
    scores.push(Math.max(interpolate(xs, ys, at), scores.at(-1) ?? 0)); // Rounding may cost the last digit.
  }
  return { kind: "isotonic", logits, scores };
}

/** One block for each distinct logit: of equal logits none comes first, so their labels have only a mean. */
function tiesOf(sorted: readonly LabelledLogit[]): Block[] {
  const ties: Block[] = [];
  for (const { logit, label, weight = 1 } of sorted) {
    const last = ties.at(-1);
    if (last?.logit === logit) {
      last.sum += weight * label;
      last.count += weight;
    } else ties.push({ sum: weight * label, count: weight, logit });
  }
  return ties;
}

/** Linear between knots, constant beyond them. `xs` ascends. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length - 1;
  if (x <= xs[0]!) return ys[0]!;
  if (x >= xs[high]!) return ys[high]!;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  const share = (x - xs[low]!) / (xs[high]! - xs[low]!);
  return ys[low]! + share * (ys[high]! - ys[low]!);
}

function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}
