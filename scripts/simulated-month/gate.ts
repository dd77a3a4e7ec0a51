/**
 * The gates of a retraining, on the judging part of a player's own log: what the new weights would have earned there,
 * doubly robust, and whether their scores are as true as the incumbent's.
 *
 * Estimates, limits and verdicts are those of `npm run retrain`. Size, speed and golden answers are those of one
 * program on one machine here, and pass; slices are not looked at.
 */
import { propensitiesOf } from "../../worker/routing/explore.ts";
import { estimatePolicies, type OffPolicyRow } from "../evaluation/off-policy/estimate.ts";
import { fitRewardModel, type RewardModel } from "../evaluation/off-policy/reward-model.ts";
import { calibrationError, reliabilitySums } from "../evaluation/reliability.ts";
import { DEFAULT_LIMITS, gatesOf, type Compared } from "../retraining/gates.ts";
import type { Rewarded, Trial } from "./served.ts";

const CONFIDENCE = 0.95;
const SEED = 7;

/** The gates that refuse the candidate, by name; undefined where none does. */
export async function refusalOf(trial: Trial): Promise<string | undefined> {
  const { judged } = trial;
  const expect = fitRewardModel(
    judged.map(({ request, model, score, reward }) => ({
      cluster: request.question.gid,
      model,
      score,
      reward,
      weight: 1,
    })),
  );
  const rows: OffPolicyRow[] = [];
  for (const one of judged) rows.push(await rowOf(one, trial, expect));
  const estimate = estimatePolicies(rows, { confidence: CONFIDENCE, seed: SEED });
  const alike = { candidate: 1, incumbent: 1 };
  const gates = gatesOf(
    {
      gain: estimate.difference,
      effectiveSampleSize: estimate.effectiveSampleSize,
      unsupported: estimate.unsupported,
      slices: [],
      calibration: await calibrationErrors(trial),
      size: alike,
      latency: alike,
      golden: { worst: 0, tolerance: 1 },
    },
    DEFAULT_LIMITS,
  );
  const failed = gates.filter(({ passed }) => !passed).map(({ name }) => name);
  return failed.length === 0 ? undefined : failed.join(", ");
}

async function rowOf(one: Rewarded, trial: Trial, expect: RewardModel): Promise<OffPolicyRow> {
  const { request, model, reward, scores, propensities } = one;
  const cluster = request.question.gid;
  function expected(other: string): number {
    return expect({ cluster, model: other, score: scores.get(other) ?? 0.5 });
  }
  function expectedOf(draws: ReadonlyMap<string, number>): number {
    return [...draws].reduce((sum, [other, p]) => sum + p * expected(other), 0);
  }
  const target = propensitiesOf(await trial.decideBy(trial.candidate, request));
  const incumbent = propensitiesOf(await trial.decideBy(trial.incumbent, request));
  const lost = [...target].filter(([other]) => (propensities.get(other) ?? 0) === 0);
  return {
    reward,
    weight: 1,
    cluster,
    slice: "",
    propensity: propensities.get(model) ?? 0,
    target: target.get(model) ?? 0,
    incumbent: incumbent.get(model) ?? 0,
    unsupported: Math.min(
      lost.reduce((sum, [, p]) => sum + p, 0),
      1,
    ),
    predicted: {
      logged: expected(model),
      target: expectedOf(target),
      incumbent: expectedOf(incumbent),
    },
  };
}

async function calibrationErrors({
  judged,
  candidate,
  incumbent,
  scoreBy,
}: Trial): Promise<Compared> {
  const weights = new Float64Array(judged.length).fill(1);
  async function errorOf(router: Trial["candidate"]): Promise<number> {
    const predictions = [];
    for (const [row, { request, model, reward }] of judged.entries())
      predictions.push({ row, score: await scoreBy(router, request, model), outcome: reward });
    return calibrationError(reliabilitySums(predictions), weights);
  }
  return { candidate: await errorOf(candidate), incumbent: await errorOf(incumbent) };
}
