/**
 * What a model's answer to a prompt is likely to be worth, learnt from logged rewards: the q̂ of doubly robust estimates.
 *
 * The router's score is the only thing read of a prompt. Each model's rewards refit it by a curve of two numbers,
 *
 *     q̂ = σ(slope · logit(score) + intercept)
 *
 * which is drawn to the curve of all models together, and that one to the score itself, so a model that was hardly
 * asked is believed as the router believes it. Curves of a row come from the half of the clusters that it is not in: a
 * row's own reward never predicts itself, which the estimate's intervals rest on (cross-fitting).
 *
 * Sources: Platt 1999; Chernozhukov et al. 1608.00060 (cross-fitting).
 */
import { hashText } from "../../../worker/lib/prng.ts";

export interface RewardedAnswer {
  readonly cluster: string;
  /** Who answered. */
  readonly model: string;
  /** What was predicted of it, 0..1. */
  readonly score: number;
  /** 0..1 */
  readonly reward: number;
  /** How much the reward is worth, above 0. */
  readonly weight: number;
}

/** The expected reward, in (0, 1). */
export type RewardModel = (asked: Pick<RewardedAnswer, "cluster" | "model" | "score">) => number;

interface Curve {
  readonly slope: number;
  readonly intercept: number;
}

const IDENTITY: Curve = { slope: 1, intercept: 0 };
/** So much weight of rewards counts as much as the curve that a curve is drawn to. */
const STRENGTH = 10;
const STEPS = 30;
/** Keeps one step of Newton's from leaping out of where the curve has a slope. */
const MAX_STEP = 2;
/** No score is certain. */
const LEAST_SCORE = 1e-3;

/** Fits both halves; without any rows it answers the scores. */
export function fitRewardModel(rows: readonly RewardedAnswer[]): RewardModel {
  const halves = [0, 1].map((half) =>
    curvesOf(rows.filter(({ cluster }) => halfOf(cluster) !== half)),
  );
  return ({ cluster, model, score }) => {
    const { pooled, own } = halves[halfOf(cluster)]!;
    return valueAt(own.get(model) ?? pooled, logitOf(score));
  };
}

function halfOf(cluster: string): 0 | 1 {
  return hashText(cluster) % 2 === 0 ? 0 : 1;
}

function curvesOf(rows: readonly RewardedAnswer[]) {
  const pooled = fitCurve(rows, IDENTITY);
  const own = [...Map.groupBy(rows, ({ model }) => model)].map(
    ([model, answers]) => [model, fitCurve(answers, pooled)] as const,
  );
  return { pooled, own: new Map(own) };
}

/** Maximum likelihood by Newton's method, with a ridge around `prior`. */
function fitCurve(rows: readonly RewardedAnswer[], prior: Curve): Curve {
  let { slope, intercept } = prior;
  for (let step = 0; step < STEPS; step++) {
    let [gs, gi] = [STRENGTH * (slope - prior.slope), STRENGTH * (intercept - prior.intercept)];
    let [hss, hsi, hii] = [STRENGTH, 0, STRENGTH];
    for (const { score, reward, weight } of rows) {
      const x = logitOf(score);
      const p = valueAt({ slope, intercept }, x);
      const [error, bend] = [weight * (p - reward), weight * p * (1 - p)];
      gs += error * x;
      gi += error;
      hss += bend * x * x;
      hsi += bend * x;
      hii += bend;
    }
    const determinant = hss * hii - hsi * hsi;
    slope -= limited((hii * gs - hsi * gi) / determinant);
    intercept -= limited((hss * gi - hsi * gs) / determinant);
  }
  return { slope, intercept };
}

function limited(step: number): number {
  return Math.min(Math.max(step, -MAX_STEP), MAX_STEP);
}

function valueAt({ slope, intercept }: Curve, x: number): number {
  return 1 / (1 + Math.exp(-(slope * x + intercept)));
}

function logitOf(score: number): number {
  const p = Math.min(Math.max(score, LEAST_SCORE), 1 - LEAST_SCORE);
  return Math.log(p / (1 - p));
}
