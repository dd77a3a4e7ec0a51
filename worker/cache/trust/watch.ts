/**
 * The switch: whether the audits of served hits say that more of them are wrong by now than the budget allows.
 *
 * Evidence of the past says nothing of answers that have changed since. So served hits are watched on their own, by
 * bets that begin anew whenever they have lost. For a share θ above the budget α
 *
 *     M ← max(M, 1) · (θ/α if wrong, (1 − θ)/(1 − α) if right)
 *
 * and the mean of M over six θ, 2 to 64 times the budget, is held against ALARM. As long as at most α of the hits
 * are wrong, whatever came before, the sum of such bets over all starts, which M never exceeds, grows by no more
 * than one an audit on average. So ALARM audits at the least pass on average before a false alarm at the very edge
 * of the budget (140,000 in a simulation), and at half of it well over a million. When a share w is wrong, some
 *
 *     log(6 · ALARM) / max over θ of (w · log(θ/α) + (1 − w) · log((1 − θ)/(1 − α)))
 *
 * audits trip it: 3 where all is wrong.
 *
 * Audits of hits are a plain sample of them: the share that is audited depends on what was seen before, never on
 * the hit. It begins at a half, falls to a twentieth as audits come in, never further, and rises again with the
 * first suspicion, which is where audits are worth the most.
 *
 * Source: Page 1954 (CUSUM); Shin, Ramdas and Rinaldo 2203.03532 (e-detectors); Lorden 1971 (delay).
 */

export interface Watch {
  /** The share that hits are held against: another one begins anew. */
  readonly budget: number;
  /** Audits of served hits. */
  readonly audits: number;
  /** log M of each rival. */
  readonly rivals: readonly number[];
}

/** Audits between false alarms on average, at the least: what a busy namespace sees in months. */
export const ALARM = 10_000;
/** Shares that are bet on, as multiples of the budget. */
const RIVALS = [2, 4, 8, 16, 32, 64] as const;
/** No share is believed to be larger: a single right answer must not end the bet. */
const MOST_RIVAL = 0.99;

/** Of hits, at the beginning and ever after. */
const FIRST_AUDIT_SHARE = 0.5;
const LEAST_AUDIT_SHARE = 0.05;
/** Audits after which the share has halved. */
const YOUNG_AUDITS = 100;

export function emptyWatch(budget: number): Watch {
  return { budget, audits: 0, rivals: RIVALS.map(() => 0) };
}

/** The watch after the audit of a hit that was served. */
export function watchHit({ budget, audits, rivals }: Watch, isRight: boolean): Watch {
  const moved = rivals.map((log, k) => Math.max(log, 0) + gain(RIVALS[k]!, { budget, isRight }));
  return { budget, audits: audits + 1, rivals: moved };
}

/** By how much an audit moves log M of the rival that is so many times the budget. */
function gain(times: number, { budget, isRight }: { budget: number; isRight: boolean }): number {
  const share = Math.min(times * budget, Math.max(MOST_RIVAL, budget));
  return Math.log(isRight ? (1 - share) / (1 - budget) : share / budget);
}

/** Audits until it trips when a share of hits is wrong, about: the formula above. Nobody who serves asks. */
export function auditsUntilTrip(wrongShare: number, budget: number): number {
  const gains = RIVALS.map(
    (times) =>
      wrongShare * gain(times, { budget, isRight: false }) +
      (1 - wrongShare) * gain(times, { budget, isRight: true }),
  );
  return Math.log(RIVALS.length * ALARM) / Math.max(...gains);
}

/** Whether hits are to be switched off. */
export function isTripped(watch: Watch): boolean {
  return suspicion(watch) >= 1;
}

/** The probability, 0.05 to 1, with which a hit that is served now is to be audited. */
export function auditShare(watch: Watch): number {
  const calm = (FIRST_AUDIT_SHARE * YOUNG_AUDITS) / (YOUNG_AUDITS + watch.audits);
  const least = Math.max(calm, LEAST_AUDIT_SHARE);
  return least + (1 - least) * Math.min(suspicion(watch), 1);
}

/** From 0, nothing, to 1, an alarm. */
function suspicion({ rivals }: Watch): number {
  const mean = rivals.reduce((sum, log) => sum + Math.exp(log), 0) / Math.max(rivals.length, 1);
  return Math.max(Math.log(mean) / Math.log(ALARM), 0);
}
