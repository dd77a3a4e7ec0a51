/**
 * Whether a model's answers have become worse, or better, than the router predicts: two drifts (drift.ts).
 *
 * Words are rewards of requests of which somebody has said something, against the model's score before lifts. Faults
 * are what each answer tells of itself, by the weights of domain/reward.ts, against none. They are apart because the
 * share of requests that anybody speaks of may change without any answer changing, and must then raise no alarm.
 *
 * A request is to be given once for each of the two. Scores are of one release: `inOtherRelease` makes way for another's.
 */
import { z } from "zod";
import type { Observation } from "../../domain/observation.ts";
import { SIGNAL_WEIGHTS } from "../../domain/reward.ts";
import { driftSchema, noDrift, observe, shiftOf, underOthers } from "./drift.ts";

export const armDriftSchema = z.object({ words: driftSchema, faults: driftSchema });
export type ArmDrift = z.output<typeof armDriftSchema>;

type Told = Pick<Observation, "score" | "signals" | "reward" | "atMs">;

export function noArmDrift(): ArmDrift {
  return { words: noDrift(), faults: noDrift() };
}

/** When another release scores from now on. What answers tell of themselves has nothing to do with that. */
export function inOtherRelease({ words, faults }: ArmDrift): ArmDrift {
  return { words: underOthers(words), faults };
}

/** After a request that somebody has spoken of. */
export function hearWord(arm: ArmDrift, { score, reward, atMs }: Told): ArmDrift {
  const { value, weight } = reward;
  const expected = Math.min(Math.max(score, 0), 1);
  return { ...arm, words: observe(arm.words, { value, expected, weight, atMs }) };
}

/** After a request that has just ended. */
export function seeEnd(arm: ArmDrift, { signals, atMs }: Told): ArmDrift {
  const fault = signals.reduce((sum, signal) => sum + SIGNAL_WEIGHTS[signal], 0);
  const value = 1 - Math.min(fault, 1);
  return { ...arm, faults: observe(arm.faults, { value, expected: 1, weight: 1, atMs }) };
}

/** What is to be added to the model's score now: of the two shifts the larger, 0 where no alarm stands. */
export function armShift({ words, faults }: ArmDrift, nowMs: number): number {
  const [word, fault] = [shiftOf(words, nowMs), shiftOf(faults, nowMs)];
  return Math.abs(word) >= Math.abs(fault) ? word : fault;
}
