/**
 * A logistic curve through points in the plane: the probability of a good answer as a function of one
 * number. Labels may lie between 0 and 1.
 *
 * Maximum likelihood by Newton's method on the centred and scaled abscissa, with a little ridge on the
 * slope so that points which a threshold separates still have a finite answer.
 */

export interface LabelledPoint {
  readonly x: number;
  /** 0..1 */
  readonly y: number;
}

const STEPS = 30;
const RIDGE = 1e-3;
/** Keeps one Newton step from leaping out of the region where the curve has a slope. */
const MAX_STEP = 4;

/** The fitted curve, in (0, 1); constant at 0.5 for no points. */
export function fitLogistic(points: readonly LabelledPoint[]): (x: number) => number {
  const n = Math.max(points.length, 1);
  const mean = points.reduce((sum, { x }) => sum + x, 0) / n;
  const deviation = Math.sqrt(points.reduce((sum, { x }) => sum + (x - mean) ** 2, 0) / n) || 1;
  let [slope, intercept] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    let [gs, gi, hss, hsi, hii] = [RIDGE * slope, RIDGE * intercept, RIDGE, 0, RIDGE];
    for (const { x, y } of points) {
      const z = (x - mean) / deviation;
      const p = sigmoid(slope * z + intercept);
      const [error, weight] = [(p - y) / n, (p * (1 - p)) / n];
      gs += error * z;
      gi += error;
      hss += weight * z * z;
      hsi += weight * z;
      hii += weight;
    }
    const determinant = hss * hii - hsi * hsi;
    slope -= clip((hii * gs - hsi * gi) / determinant);
    intercept -= clip((hss * gi - hsi * gs) / determinant);
  }
  return (x) => sigmoid((slope * (x - mean)) / deviation + intercept);
}

function clip(step: number): number {
  return Math.min(Math.max(step, -MAX_STEP), MAX_STEP);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
