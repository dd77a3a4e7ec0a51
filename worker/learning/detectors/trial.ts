/**
 * A candidate release against the one in service, request by request, on four counts:
 *
 * | count | of a request | margin |
 * | --- | --- | --- |
 * | errors | 1 where nobody answered, it broke off, or its form or tool calls are broken | 0.02 |
 * | latency | 1 where it took longer than nine tenths of the incumbent's latest | 0.1 |
 * | cost | what was paid, as a share of what the reference model would have cost, up to 1 | 0.1 |
 * | reward | 1 − reward, of those that somebody has spoken of | 0.05 |
 *
 * Each request of the candidate is paired with the incumbent's next one that is free, so both are of the same
 * moment, and d is how much worse the candidate's was. Two claims are bet against (bets.ts): that the mean of d is
 * at most the margin, and that it is at least the margin. Who wins against the first has shown that the candidate is
 * worse, which ends the trial; against the second, that it is as good but for the margin. The first may be wrong for
 * any of the four with probability ALPHA at most, however long the trial lasts and however often one looks.
 *
 * Which side a request is on is drawn for it, so what differs is the release. Cost is held against the reference
 * and not against what was expected: a candidate that prefers dearer models expects to pay more.
 */
import { z } from "zod";
import type { Observation } from "../../domain/observation.ts";
import { bet, logMean, SIZES, unbet } from "./bets.ts";

export const ALPHA = 0.05;

export const COUNTS = ["errors", "latency", "cost", "reward"] as const;
export type Count = (typeof COUNTS)[number];

const MARGINS: Readonly<Record<Count, number>> = {
  errors: 0.02,
  latency: 0.1,
  cost: 0.1,
  reward: 0.05,
};

/** Requests of the candidate that wait for the incumbent's; the oldest make room. */
const MOST_WAITING = 64;
/** Of the incumbent's durations, that say what is slow; and how many must be there. */
const DURATIONS = 64;
const LEAST_DURATIONS = 20;
const SLOW_SHARE = 0.9;

const wealthsSchema = z.array(z.number()).length(SIZES.length);
const valueSchema = z.object({ value: z.number(), weight: z.number() });
const countSchema = z.object({
  pairs: z.int().nonnegative(),
  /** Of both sides' values, over pairs by weight. */
  candidate: z.number(),
  incumbent: z.number(),
  weight: z.number(),
  worse: wealthsSchema,
  asGood: wealthsSchema,
  waiting: z.array(valueSchema).max(MOST_WAITING),
});

export const trialSchema = z.object({
  errors: countSchema,
  latency: countSchema,
  cost: countSchema,
  reward: countSchema,
  /** Of the incumbent, the latest last. */
  durations: z.array(z.number()).max(DURATIONS),
  requests: z.object({ candidate: z.int(), incumbent: z.int() }),
  halted: z.string().optional(),
});
export type Trial = z.output<typeof trialSchema>;
type Tally = z.output<typeof countSchema>;
type Side = "candidate" | "incumbent";
type Value = z.output<typeof valueSchema>;

type Told = Pick<
  Observation,
  "isFirst" | "ending" | "signals" | "costMicroUsd" | "savedMicroUsd" | "durationMs" | "reward"
>;

export function newTrial(): Trial {
  return {
    errors: newTally(),
    latency: newTally(),
    cost: newTally(),
    reward: newTally(),
    durations: [],
    requests: { candidate: 0, incumbent: 0 },
  };
}

/**
 * The trial after one more observation of a side. `isNewWord`: it is the first time that somebody has spoken of the
 * request. A trial that has been halted changes no more.
 */
export function seeSide(
  trial: Trial,
  told: Told,
  { side, isNewWord }: { readonly side: Side; readonly isNewWord: boolean },
): Trial {
  if (trial.halted !== undefined) return trial;
  const next = { ...trial, requests: { ...trial.requests } };
  for (const [count, value] of valuesOf(trial, told, isNewWord))
    next[count] = take(next[count], value, { side, margin: MARGINS[count] });
  if (told.isFirst) {
    next.requests[side] += 1;
    if (side === "incumbent")
      next.durations = [...trial.durations, told.durationMs].slice(-DURATIONS);
  }
  const halted = whyHalted(next);
  return halted === undefined ? next : { ...next, halted };
}

export interface Standing {
  readonly pairs: number;
  /** Means over pairs; 0 without any. */
  readonly candidate: number;
  readonly incumbent: number;
  /** Log wealth of the bets that the candidate is worse, and that it is as good but for the margin. */
  readonly worse: number;
  readonly asGood: number;
}

export function standingOf(trial: Trial, count: Count): Standing {
  const { pairs, candidate, incumbent, weight, worse, asGood } = trial[count];
  const per = Math.max(weight, Number.MIN_VALUE);
  return {
    pairs,
    candidate: candidate / per,
    incumbent: incumbent / per,
    worse: logMean(worse),
    asGood: logMean(asGood),
  };
}

/** Whether the candidate has been shown to be as good but for the margins, on all four counts. */
export function isAsGood(trial: Trial): boolean {
  const least = Math.log(1 / ALPHA);
  return (
    trial.halted === undefined && COUNTS.every((count) => logMean(trial[count].asGood) >= least)
  );
}

function newTally(): Tally {
  const sums = { pairs: 0, candidate: 0, incumbent: 0, weight: 0 };
  return { ...sums, worse: unbet(), asGood: unbet(), waiting: [] };
}

/** Of an observation: its values, 0 to 1 where 1 is worst, and nothing for counts that it says nothing of. */
function valuesOf(trial: Trial, told: Told, isNewWord: boolean): [Count, Value][] {
  const values: [Count, Value][] = [];
  if (told.isFirst) {
    values.push(["errors", { value: hasFailed(told) ? 1 : 0, weight: 1 }]);
    const slowMs = slowerThan(trial.durations);
    if (slowMs !== undefined)
      values.push(["latency", { value: told.durationMs > slowMs ? 1 : 0, weight: 1 }]);
    const whole = told.costMicroUsd + told.savedMicroUsd;
    if (whole > 0)
      values.push(["cost", { value: Math.min(told.costMicroUsd / whole, 1), weight: 1 }]);
  }
  if (isNewWord)
    values.push([
      "reward",
      { value: 1 - told.reward.value, weight: Math.min(told.reward.weight, 1) },
    ]);
  return values;
}

function hasFailed({ ending, signals }: Told): boolean {
  return (
    ending === "failed" ||
    ending === "broken" ||
    signals.some((one) => one === "failed" || one === "broken_form" || one === "broken_tool_call")
  );
}

function slowerThan(durations: readonly number[]): number | undefined {
  if (durations.length < LEAST_DURATIONS) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.floor(SLOW_SHARE * sorted.length)];
}

function take(tally: Tally, value: Value, { side, margin }: { side: Side; margin: number }): Tally {
  if (side === "candidate")
    return { ...tally, waiting: [...tally.waiting, value].slice(-MOST_WAITING) };
  const [candidate, ...waiting] = tally.waiting;
  if (candidate === undefined) return tally;
  const weight = Math.min(candidate.weight, value.weight);
  const excess = candidate.value - value.value - margin;
  return {
    pairs: tally.pairs + 1,
    candidate: tally.candidate + weight * candidate.value,
    incumbent: tally.incumbent + weight * value.value,
    weight: tally.weight + weight,
    worse: bet(tally.worse, excess, weight),
    asGood: bet(tally.asGood, -excess, weight),
    waiting,
  };
}

function whyHalted(trial: Trial): string | undefined {
  const most = Math.log(COUNTS.length / ALPHA);
  const count = COUNTS.find((one) => logMean(trial[one].worse) >= most);
  if (count === undefined) return undefined;
  const { pairs, candidate, incumbent, worse } = standingOf(trial, count);
  return (
    `${count}: ${candidate.toFixed(3)} against ${incumbent.toFixed(3)} in ${pairs} pairs, ` +
    `e-value ${Math.exp(Math.min(worse, 50)).toPrecision(3)}`
  );
}
