/**
 * Whether something that is predicted has begun to come out otherwise, and by how much.
 *
 * Each value in [0, 1] is compared with what was expected of it. The mean difference in calm times is learnt slowly and
 * is the baseline: a prediction that has been wrong by the same from the start is no drift. Against it two e-detectors
 * (bets.ts) bet that the mean difference is more than TOLERANCE below, or above, by now. The baseline is itself
 * an estimate, so they allow for its standard error on top.
 *
 * An alarm freezes the baseline. Its shift, what is to be added to the predictions, is the mean difference since
 * the winning bet last began anew, shrunk as if SHRINK values had come without one. From then on it follows what comes,
 * the latest MEMORY values, and fades with time: of evidence that is a day old half is left. So what is asked no more,
 * because its shift says so, is asked again after some days, and a few new values then decide. Below half of
 * the tolerance the alarm is over and the bets begin anew.
 *
 * While the mean stays within the tolerance of the baseline, ALARM values at the least pass on average until a
 * false alarm in either direction, however long it was calm before. What creeps by less than the tolerance in BASELINE
 * values becomes the baseline and is no alarm.
 */
import { z } from "zod";
import { gains, LEAST, logMean, SIZES } from "./bets.ts";

/** Values between false alarms on average, at the least, in each direction. */
export const ALARM = 2_000;
/** A mean difference that is never an alarm. */
export const TOLERANCE = 0.1;
/** Values from which the baseline is learnt before anything is bet, and of which it is made at the most. */
export const WARM_UP = 40;
const BASELINE = 1_000;
/** Standard errors of the baseline that are allowed for. */
const ERRORS = 1;
/** Log wealth from which on nothing is learnt into the baseline: what comes may be the drift. */
const SUSPICION = Math.log(2);
/** Of values around a prediction that is known to be right; any value in [0, 1] has less. */
const KNOWN_VARIANCE = 0.25;
const SHRINK = 4;
const MEMORY = 50;
/** Values' worth of evidence that an alarm takes along to other predictions. */
const CARRIED = 5;
/** Milliseconds until half of an alarm's evidence is forgotten. */
export const HALF_LIFE_MS = 24 * 3_600_000;

const sumsSchema = z.object({ sum: z.number(), weight: z.number().nonnegative() });
const rivalSchema = sumsSchema.extend({ log: z.number() });
const rivalsSchema = z.array(rivalSchema).length(SIZES.length);

export const driftSchema = z.object({
  baseline: sumsSchema.extend({ squares: z.number() }),
  below: rivalsSchema,
  above: rivalsSchema,
  alarm: sumsSchema.extend({ sinceMs: z.number(), atMs: z.number() }).optional(),
});
export type Drift = z.output<typeof driftSchema>;
type Rival = z.output<typeof rivalSchema>;

export interface Outcome {
  /** Both 0 to 1. */
  readonly value: number;
  readonly expected: number;
  /** Above 0; what is above 1 counts as 1. */
  readonly weight: number;
  readonly atMs: number;
}

export function noDrift(): Drift {
  return driftFrom({ sum: 0, squares: 0, weight: 0 });
}

/** Of something whose predictions are known to be right on average: nothing has to be learnt first. */
export function noDriftOfKnown(): Drift {
  return driftFrom({ sum: 0, squares: BASELINE * KNOWN_VARIANCE, weight: BASELINE });
}

function driftFrom(baseline: Drift["baseline"]): Drift {
  return { baseline, below: anew(), above: anew() };
}

/** The drift after one more outcome, with another tolerance where that is given: at most 0.1. */
export function observe(drift: Drift, outcome: Outcome, tolerance = TOLERANCE): Drift {
  const weight = Math.min(outcome.weight, 1);
  const usual = clamp(outcome.expected + baselineOf(drift));
  const seen = { difference: outcome.value - usual, weight };
  if (drift.alarm !== undefined) return follow(drift, { ...seen, atMs: outcome.atMs }, tolerance);
  const isCalm = logOf(drift.below) < SUSPICION && logOf(drift.above) < SUSPICION;
  const learnt = isCalm ? learn(drift, outcome.value - outcome.expected, weight) : drift;
  if (drift.baseline.weight < WARM_UP) return learnt;
  const slack = tolerance + allowance(drift, tolerance);
  const below = drift.below.map((rival, k) => betOn(rival, k, { ...seen, sign: -1, slack }));
  const above = drift.above.map((rival, k) => betOn(rival, k, { ...seen, sign: 1, slack }));
  const won = [below, above].find((rivals) => logOf(rivals) >= Math.log(ALARM));
  if (won === undefined) return { ...learnt, below, above };
  const { sum, weight: heft } = won.reduce((best, rival) => (rival.log > best.log ? rival : best));
  const { atMs } = outcome;
  return { ...drift, below, above, alarm: { sum, weight: heft, sinceMs: atMs, atMs } };
}

/**
 * The drift when others predict from now on. An alarm goes on, since nobody knows whether they know better, with so
 * little evidence that a few values decide; everything else begins anew.
 */
export function underOthers(drift: Drift): Drift {
  const { alarm } = drift;
  if (alarm === undefined) return noDrift();
  const keep = Math.min(CARRIED / alarm.weight, 1);
  return { ...drift, alarm: { ...alarm, sum: keep * alarm.sum, weight: keep * alarm.weight } };
}

/** What is to be added to predictions now, −1 to 1: 0 where no alarm stands. */
export function shiftOf({ alarm }: Drift, nowMs: number, tolerance = TOLERANCE): number {
  if (alarm === undefined) return 0;
  const left = 2 ** (-Math.max(nowMs - alarm.atMs, 0) / HALF_LIFE_MS);
  const shift = (alarm.sum * left) / (alarm.weight * left + SHRINK);
  return Math.abs(shift) < tolerance / 2 ? 0 : Math.min(Math.max(shift, -1), 1);
}

/** The mean difference in calm times. */
export function baselineOf({ baseline: { sum, weight } }: Drift): number {
  return weight === 0 ? 0 : sum / weight;
}

/** Log wealth of the bets that values have become lower, and higher; an alarm needs log ALARM. */
export function evidenceOf({ below, above }: Drift): { below: number; above: number } {
  return { below: logOf(below), above: logOf(above) };
}

function anew(): Rival[] {
  return SIZES.map(() => ({ log: 0, sum: 0, weight: 0 }));
}

function logOf(rivals: readonly Rival[]): number {
  return logMean(rivals.map(({ log }) => log));
}

interface Bet {
  readonly difference: number;
  readonly weight: number;
  readonly sign: 1 | -1;
  readonly slack: number;
}

function betOn(rival: Rival, k: number, { difference, weight, sign, slack }: Bet): Rival {
  const gain = gains(Math.max(sign * difference - slack, LEAST), weight)[k]!;
  const { log, sum, weight: before } = rival.log > 0 ? rival : { log: 0, sum: 0, weight: 0 };
  return { log: log + gain, sum: sum + weight * difference, weight: before + weight };
}

/** How wrong the baseline may be; with the tolerance at most what bets can bear. */
function allowance({ baseline: { sum, squares, weight } }: Drift, tolerance: number): number {
  const variance = Math.max(squares / weight - (sum / weight) ** 2, 0);
  return Math.min(ERRORS * Math.sqrt(variance / weight), -1 - LEAST - tolerance);
}

function learn(drift: Drift, difference: number, weight: number): Drift {
  const keep = 1 - weight / BASELINE;
  const { sum, squares, weight: before } = drift.baseline;
  const baseline = {
    sum: keep * sum + weight * difference,
    squares: keep * squares + weight * difference ** 2,
    weight: keep * before + weight,
  };
  return { ...drift, baseline };
}

/** While an alarm stands. */
function follow(
  drift: Drift,
  { difference, weight, atMs }: { difference: number; weight: number; atMs: number },
  tolerance: number,
): Drift {
  const { sum, weight: before, sinceMs, atMs: lastMs } = drift.alarm!;
  const age = Math.max(atMs - lastMs, 0);
  const keep = 2 ** (-age / HALF_LIFE_MS) * Math.min(1 - weight / MEMORY, MEMORY / before);
  const alarm = {
    sum: keep * sum + weight * difference,
    weight: keep * before + weight,
    sinceMs,
    atMs: Math.max(atMs, lastMs),
  };
  const { baseline } = drift;
  const next = { ...drift, alarm };
  return shiftOf(next, alarm.atMs, tolerance) === 0 ? driftFrom(baseline) : next;
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
