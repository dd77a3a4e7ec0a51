/**
 * Many models, cost against quality: what a router buys for its money.
 *
 * A router has an opinion of each model's quality and cost on each prompt. For a price λ it takes the model
 * of the highest `quality − λ · cost`; from λ = 0 (quality alone) to λ = ∞ (cost alone) its choices trace
 * a curve of mean true cost against mean true quality. AIQ is the mean height of the curve's non-decreasing
 * convex hull over a range of costs that is the same for every router compared. The hull may be used because
 * any two of the router's settings can be mixed at random. To the right of its dearest point a router goes
 * on as it is; to the left of its cheapest it can still refuse some requests, which costs nothing and is
 * worth nothing, so the hull begins at (0, 0).
 *
 * Choices are made before any outcome is looked at, and once for all resamples. The hull's corners are
 * picked on the rows that are reported, for every router alike, which flatters all of them a little.
 *
 * Source: RouterBench 2403.12031, section 3.
 */
import { upperHull, type Point } from "../../worker/routing/hull.ts";

/** What is expected of, or was got from, one model on one prompt. */
export interface Value {
  /** 0..1 */
  readonly quality: number;
  readonly costUsd: number;
}

/** One prompt: for each model, in one order, what the router expects and what would have come. */
export interface OfferedRow {
  /** Place of the row in the counts of a resample. */
  readonly row: number;
  readonly expected: readonly Value[];
  readonly actual: readonly Value[];
}

/** What a router gets at one λ: `actual[i]` is that of the model it chose for its i-th row. */
export interface Setting {
  readonly rows: Int32Array;
  readonly actual: readonly Value[];
}

const STEPS_PER_DECADE = 8;
const DECADES = 4;

/**
 * The λ of a sweep in quality per USD, ascending from 0 to ∞. In units of `scaleUsd`, the mean cost of the
 * dearest model, they run from 10⁻⁴ to 10⁴: models whose prices are 500-fold apart still change places.
 */
export function lambdasFor(scaleUsd: number): number[] {
  const steps = 2 * DECADES * STEPS_PER_DECADE;
  const grid = Array.from(
    { length: steps + 1 },
    (_, k) => 10 ** (k / STEPS_PER_DECADE - DECADES) / scaleUsd,
  );
  return [0, ...(scaleUsd > 0 ? grid : []), Infinity];
}

/** The choices at each λ. Of equal utility the cheaper model is taken, then the first. */
export function sweep(rows: readonly OfferedRow[], lambdas: readonly number[]): Setting[] {
  const places = Int32Array.from(rows, ({ row }) => row);
  return lambdas.map((lambda) => ({
    rows: places,
    actual: rows.map(({ expected, actual }) => actual[bestAt(expected, lambda)]!),
  }));
}

/** The choice of always the same model, as a setting. */
export function always(rows: readonly OfferedRow[], model: number): Setting {
  return {
    rows: Int32Array.from(rows, ({ row }) => row),
    actual: rows.map(({ actual }) => actual[model]!),
  };
}

/** Mean cost (USD) and quality of each setting; empty where no row counts. */
export function meansOf(settings: readonly Setting[], counts?: Float64Array): Point[] {
  return settings.flatMap(({ rows, actual }) => {
    let [n, cost, quality] = [0, 0, 0];
    rows.forEach((row, i) => {
      const count = counts?.[row] ?? 1;
      const value = actual[i]!;
      n += count;
      cost += count * value.costUsd;
      quality += count * value.quality;
    });
    return n === 0 ? [] : [{ cost: cost / n, quality: quality / n }];
  });
}

/** The least and the most that always taking one model costs, in USD per prompt: the range of AIQ. */
export function costRange(rows: readonly OfferedRow[]): { from: number; to: number } {
  const models = rows[0]?.actual.length ?? 0;
  const singles = Array.from({ length: models }, (_, m) => always(rows, m));
  const costs = meansOf(singles).map(({ cost }) => cost);
  return { from: Math.min(...costs), to: Math.max(...costs) };
}

/**
 * Mean height of the points' non-decreasing convex hull between two costs, 0..1; the height there where the
 * two are equal; NaN for no points.
 */
export function aiq(points: readonly Point[], { from, to }: { from: number; to: number }): number {
  if (points.length === 0) return NaN;
  const hull = frontierOf(points);
  if (!(to > from)) return heightAt(hull, from);
  const inside = hull.map(({ cost }) => cost).filter((cost) => cost > from && cost < to);
  const knots = [from, ...inside, to].map((cost) => ({ cost, quality: heightAt(hull, cost) }));
  return trapezoids(knots) / (to - from);
}

/** The area under straight lines from point to point, which come by ascending cost. */
export function trapezoids(points: readonly Point[]): number {
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    area += ((b.cost - a.cost) * (a.quality + b.quality)) / 2;
  }
  return area;
}

/** The hull itself, from the router that refuses everything, at (0, 0). */
export function frontierOf(points: readonly Point[]): Point[] {
  return upperHull([{ cost: 0, quality: 0 }, ...points]);
}

/** The single models on the hull of their means over the training rows: the zero router's corners. */
export function zeroRouterModels(train: readonly Point[]): number[] {
  const points = train.map(({ cost, quality }, model) => ({ cost, quality, model }));
  return upperHull(points).map(({ model }) => model);
}

function bestAt(expected: readonly Value[], lambda: number): number {
  let best = 0;
  for (let m = 1; m < expected.length; m++)
    if (isBetter(expected[m]!, expected[best]!, lambda)) best = m;
  return best;
}

function isBetter(a: Value, b: Value, lambda: number): boolean {
  if (lambda === Infinity)
    return a.costUsd < b.costUsd || (a.costUsd === b.costUsd && a.quality > b.quality);
  const gain = a.quality - b.quality - lambda * (a.costUsd - b.costUsd);
  return gain > 0 || (gain === 0 && a.costUsd < b.costUsd);
}

function heightAt(hull: readonly Point[], cost: number): number {
  const right = hull.findIndex((corner) => corner.cost >= cost);
  if (right === -1) return hull.at(-1)!.quality;
  const b = hull[right]!;
  const a = hull[right - 1];
  if (a === undefined || b.cost === cost) return b.quality;
  return a.quality + ((b.quality - a.quality) * (cost - a.cost)) / (b.cost - a.cost);
}
