/**
 * What the settings of each contender cost and are worth, as the numbers that are published.
 *
 * - `aiq`: mean height of the hull over the range from the cheapest to the dearest single model
 *   (frontier.ts), begun at (0, 0)
 * - `aiqRouterBench`: RouterBench's own code instead: the area under the hull from the contender's own
 *   cheapest setting to the dearest cost of any hull compared, divided by that cost. What lies left of
 *   the cheapest setting counts as worth nothing, and the range depends on who is compared
 * - `peak`: P_s, the highest mean quality of any setting
 * - `costRatio`: CR, the cost of the cheapest setting at least as good as the best single model, as a
 *   share of that model's cost
 * - `costPerQuery95`: USD a prompt, of the cheapest setting that reaches 95 % of the best single model
 * - `oracleGap`: what the oracle that ignores cost is better than the contender doing the same
 *
 * A quality that no setting reaches has no cost: NaN. The best single model is chosen on training rows.
 *
 * Sources: RouterBench 2403.12031 and its code, evaluation/AIQ.py; MMR-Bench 2601.17814 (P_s); SaveRouter
 * 2609.37402 and its code, saverouter/evaluation.py (CR).
 */
import { upperHull, type Point } from "../../worker/routing/hull.ts";
import { aiq, meansOf, trapezoids } from "./frontier.ts";
import type { PreparedFrontier } from "./prepare-set.ts";

/** Share of the best single model's quality that `costPerQuery95` wants. */
const ENOUGH = 0.95;

/** All numbers, by `metric.contender`; `counts` has an entry for each row examined. */
export function operatingNumbers(
  { settingsOf, singles, zeroRouter, bestSingle, range }: PreparedFrontier,
  counts: Float64Array,
): Record<string, number> {
  const single = meansOf(singles, counts);
  const best = single[bestSingle];
  const pointsOf: Readonly<Record<string, readonly Point[]>> = {
    zero: zeroRouter.flatMap((m) => single[m] ?? []),
    bestSingle: single.slice(bestSingle, bestSingle + 1),
    ...Object.fromEntries(
      [...settingsOf].map(([name, settings]) => [name, meansOf(settings, counts)]),
    ),
  };
  const hulls = Object.values(pointsOf).map((points) => upperHull(points));
  const dearestUsd = Math.max(...hulls.map((hull) => hull.at(-1)?.cost ?? 0));
  const oracleQuality = pointsOf["oracle"]?.[0]?.quality ?? NaN;
  const { cost: bestUsd, quality: bestQuality } = best ?? { cost: NaN, quality: NaN };
  const numbers: Record<string, number> = {};
  for (const [name, points] of Object.entries(pointsOf)) {
    numbers[`aiq.${name}`] = aiq(points, range);
    numbers[`aiqRouterBench.${name}`] = routerBenchAiq(points, dearestUsd);
    numbers[`peak.${name}`] = peakQuality(points);
    numbers[`costPerQuery95.${name}`] = costReaching(points, ENOUGH * bestQuality);
    numbers[`costRatio.${name}`] = costReaching(points, bestQuality) / bestUsd;
    if (name === "zero") continue; // Which of its mixtures would ignore cost is a matter of taste.
    numbers[`oracleGap.${name}`] = oracleQuality - (points[0]?.quality ?? NaN);
  }
  return numbers;
}

/** RouterBench's AIQ of one contender, 0..1; NaN for no points, and where nothing costs anything. */
export function routerBenchAiq(points: readonly Point[], dearestUsd: number): number {
  const hull = upperHull(points);
  const last = hull.at(-1);
  if (last === undefined) return NaN;
  return trapezoids([...hull, { cost: dearestUsd, quality: last.quality }]) / dearestUsd;
}

/** P_s, 0..1; NaN for no points. */
export function peakQuality(points: readonly Point[]): number {
  return points.length === 0 ? NaN : Math.max(...points.map(({ quality }) => quality));
}

/** Least cost in USD of a point that reaches the quality; NaN where none does. */
export function costReaching(points: readonly Point[], quality: number): number {
  const enough = points.filter((point) => point.quality >= quality).map(({ cost }) => cost);
  return enough.length === 0 ? NaN : Math.min(...enough);
}
