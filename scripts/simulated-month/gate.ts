/**
 * The gates of a retraining, on the judging part of a player's own log: what the new weights would have earned there,
 * doubly robust, and whether their scores are as true as the incumbent's.
 *
 * Estimates, limits and verdicts are those of `npm run retrain`. Size, speed and golden answers are those of one
 * program on one machine here, and pass; slices are not looked at.
 */
import { propensitiesOf } from "../../worker/routing/explore.ts";
import { estimatePolicies } from "../evaluation/off-policy/estimate.ts";
import { offPolicyRows, type LoggedChoice } from "../evaluation/off-policy/rows.ts";
import { calibrationError, reliabilitySums } from "../evaluation/reliability.ts";
import { DEFAULT_LIMITS, gatesOf, type Compared } from "../retraining/gates.ts";
import type { Rewarded, Trial } from "./served.ts";

const CONFIDENCE = 0.95;
const SEED = 7;

/** The gates that refuse the candidate, by name; undefined where none does. */
export async function refusalOf(trial: Trial): Promise<string | undefined> {
  const choices: LoggedChoice[] = [];
  for (const one of trial.judged) choices.push(await choiceOf(one, trial));
  const estimate = estimatePolicies(offPolicyRows(choices), { confidence: CONFIDENCE, seed: SEED });
  const measured = {
    gain: estimate.difference,
    effectiveSampleSize: estimate.effectiveSampleSize,
    unsupported: estimate.unsupported,
    slices: [],
    calibration: await calibrationErrors(trial),
    sizeBytes: 1,
    latency: { candidate: 1, incumbent: 1 },
    golden: { worst: 0, tolerance: 1 },
  };
  const failed = gatesOf(measured, DEFAULT_LIMITS).filter(({ passed }) => !passed);
  return failed.length === 0 ? undefined : failed.map(({ name }) => name).join(", ");
}

async function choiceOf(one: Rewarded, trial: Trial): Promise<LoggedChoice> {
  const { request, model, reward, scores, propensities } = one;
  return {
    chosen: model,
    logged: propensities,
    target: propensitiesOf(await trial.decideBy(trial.candidate, request)),
    incumbent: propensitiesOf(await trial.decideBy(trial.incumbent, request)),
    scores,
    reward: { value: reward, weight: 1 },
    cluster: request.question.gid,
    slice: "",
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
