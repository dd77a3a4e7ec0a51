/**
 * How often the watch trips without a reason: audits of hits of which a share within the budget is wrong, for ever.
 *
 * Played on the watch alone, since nothing else sees these audits come faster or slower; after an alarm it begins
 * anew, as the next generation does.
 */
import { emptyWatch, isTripped, watchHit } from "../../../worker/cache/trust/watch.ts";
import { hashText, randomFrom } from "../../../worker/lib/prng.ts";
import type { Estimate } from "../bootstrap.ts";
import { binomialShare } from "../cache/binomial.ts";

/** Shares of the budget that are wrong. */
export const STEADY = [0.5, 1] as const;

export interface AlarmRow {
  /** Of hits. */
  readonly wrongShare: number;
  readonly audits: number;
  readonly alarms: number;
  /** Per audit, with an exact 95 % interval. */
  readonly rate: Estimate;
}

export interface AlarmTerms {
  readonly budget: number;
  readonly audits: number;
  readonly seed: number;
}

/** @param part Of the budget that is wrong. */
export function alarmRow(part: number, { budget, audits, seed }: AlarmTerms): AlarmRow {
  const random = randomFrom(hashText(`alarms ${seed} ${part}`));
  const wrongShare = part * budget;
  let watch = emptyWatch(budget);
  let alarms = 0;
  for (let k = 0; k < audits; k++) {
    watch = watchHit(watch, random() >= wrongShare);
    if (!isTripped(watch)) continue;
    alarms++;
    watch = emptyWatch(budget);
  }
  return { wrongShare, audits, alarms, rate: binomialShare(alarms, audits) };
}
