/**
 * All that is watched, as one value: models' outcomes, the certificate's promise, the looks of prompts, and trials.
 *
 * Drift is drift from what one release predicts, so it is told of one release, the one that serves: whose label most
 * of the latest requests have. When that changes, what belongs to a release begins anew; a model's alarm goes on until
 * values say otherwise. A trial's candidate is told to its trial alone. Each observation is to be given once; that somebody speaks of a request is taken in the first time.
 *
 * What follows from an alarm: a drifting model's score is shifted, and every kind of alarm raises quality floors by a
 * little, because what is predicted is less sure. Nothing here knows where it is kept or who asks.
 */
import { z } from "zod";
import type { Observation, WatchNews } from "../../domain/observation.ts";
import { hashText } from "../../lib/prng.ts";
import {
  armDriftSchema,
  armShift,
  hearWord,
  inOtherRelease,
  noArmDrift,
  seeEnd,
} from "./arm-drift.ts";
import { certificateWatchSchema, hearPromise, noCertificateWatch } from "./certificate-watch.ts";
import { driftSchema, noDrift, noDriftOfKnown, observe, shiftOf } from "./drift.ts";
import { featureDriftSchema, noFeatureDrift, seePrompt } from "./feature-drift.ts";
import { newTrial, seeSide, trialSchema } from "./trial.ts";

/** Mean novelty beyond the reference's that is no alarm. */
export const NOVELTY_TOLERANCE = 0.05;
/** Score by which floors are raised while any alarm of a kind stands, and at most. */
const CAUTION = { models: 0.02, prompts: 0.02, novelty: 0.02, certificate: 0.05 } as const;
const MOST_CAUTION = 0.1;
/** Requests that another release must be ahead by until it is the one that is followed. */
const MOST_VOTES = 200;
const MOST_ARMS = 256;
const MOST_TRIALS = 8;
const MOST_HALTED = 32;
/** Requests that are remembered to have been spoken of. */
const MOST_SPOKEN = 4_096;

export const watchStateSchema = z.object({
  followed: z.object({ weights: z.string(), votes: z.int() }),
  /** What the followed release's training traffic was like, where that was told. */
  taught: z.object({ novelty: z.number() }).nullable(),
  arms: z.record(z.string(), armDriftSchema),
  prompts: featureDriftSchema,
  novelty: driftSchema,
  certificate: certificateWatchSchema,
  /** By serial. */
  trials: z.record(z.string(), z.object({ trial: trialSchema, atMs: z.number() })),
  halted: z.array(z.object({ serial: z.int().nonnegative(), why: z.string() })),
  /** Hashes of requests that somebody has spoken of, the latest last. */
  spoken: z.array(z.number()).max(MOST_SPOKEN),
});
export type WatchState = z.output<typeof watchStateSchema>;

/** What training traffic was like: for each statistic the shares of its deciles, and the mean novelty of the unseen. */
export interface Traffic {
  readonly shares: number[][];
  readonly novelty: number;
}

export function newWatch(weights = ""): WatchState {
  return {
    ...ofRelease(weights),
    trials: {},
    halted: [],
    spoken: [],
  };
}

/** Takes somebody's word for what the training traffic of the followed release was like, once. */
export function teach(
  state: WatchState,
  weights: string,
  { shares, novelty }: Traffic,
): WatchState {
  const { followed, taught } = state;
  if (followed.weights !== weights || taught !== null) return state;
  return {
    ...state,
    taught: { novelty },
    prompts: noFeatureDrift(shares),
    novelty: noDriftOfKnown(),
  };
}

/** Whether somebody speaks of a request for the first time, as far as the latest few thousand words tell. */
export function isNewWord({ spoken }: WatchState, { tenant, id, isSpoken }: Observation): boolean {
  return isSpoken && !spoken.includes(nameOf(tenant, id));
}

/** The state after one more observation. */
export function watch(state: WatchState, told: Observation): WatchState {
  const isNew = isNewWord(state, told);
  const heard = isNew ? remember(state, told) : state;
  const tried = told.trial === undefined ? heard : inTrial(heard, told, isNew);
  if (told.trial?.side === "candidate") return tried;
  const voted = told.isFirst ? vote(tried, told.weights) : tried;
  return voted.followed.weights === told.weights ? inService(voted, told, isNew) : voted;
}

/** Ends a trial, whatever its bets say. */
export function halt(state: WatchState, serial: number, why: string): WatchState {
  if (state.halted.some((one) => one.serial === serial)) return state;
  return { ...state, halted: [...state.halted, { serial, why }].slice(-MOST_HALTED) };
}

/** What stands: `model:<id>`, `prompts`, `novelty`, `certificate`. */
export function alarmsIn(state: WatchState, nowMs: number): string[] {
  const { arms, prompts, novelty, certificate } = state;
  const drifting = Object.keys(arms).filter((model) => armShift(arms[model]!, nowMs) !== 0);
  return [
    ...drifting.map((model) => `model:${model}`),
    ...(prompts.isAlarm ? ["prompts"] : []),
    ...(shiftOf(novelty, nowMs, NOVELTY_TOLERANCE) > 0 ? ["novelty"] : []),
    ...(certificate.brokenMs === undefined ? [] : ["certificate"]),
  ];
}

/** What isolates are to know. */
export function newsOf(state: WatchState, nowMs: number): WatchNews {
  const shifts = Object.entries(state.arms).map(
    ([model, arm]) => [model, armShift(arm, nowMs)] as const,
  );
  const alarms = new Set(alarmsIn(state, nowMs));
  const models = shifts.filter(([, shift]) => shift !== 0);
  const caution =
    (models.length > 0 ? CAUTION.models : 0) +
    (["prompts", "novelty", "certificate"] as const)
      .filter((kind) => alarms.has(kind))
      .reduce((sum, kind) => sum + CAUTION[kind], 0);
  return {
    halted: state.halted,
    shifts: Object.fromEntries(models),
    caution: Math.min(caution, MOST_CAUTION),
  };
}

/** What belongs to one release, at its beginning. */
function ofRelease(weights: string): Omit<WatchState, "trials" | "halted" | "spoken"> {
  return {
    followed: { weights, votes: 0 },
    taught: null,
    arms: {},
    prompts: noFeatureDrift(),
    novelty: noDrift(),
    certificate: noCertificateWatch(),
  };
}

function remember(state: WatchState, { tenant, id }: Observation): WatchState {
  return { ...state, spoken: [...state.spoken, nameOf(tenant, id)].slice(-MOST_SPOKEN) };
}

function nameOf(tenant: string, id: string): number {
  return hashText(`${tenant} ${id}`);
}

/** Follows the release that most of the latest requests were answered under (Boyer and Moore's vote). */
function vote(state: WatchState, weights: string): WatchState {
  const { followed } = state;
  if (followed.weights === weights) {
    const votes = Math.min(followed.votes + 1, MOST_VOTES);
    return votes === followed.votes ? state : { ...state, followed: { weights, votes } };
  }
  if (followed.votes > 0) return { ...state, followed: { ...followed, votes: followed.votes - 1 } };
  const { trials, halted, spoken } = state;
  const arms = Object.fromEntries(
    Object.entries(state.arms).map(([model, arm]) => [model, inOtherRelease(arm)]),
  );
  return { ...ofRelease(weights), followed: { weights, votes: 1 }, arms, trials, halted, spoken };
}

function inService(state: WatchState, told: Observation, isNew: boolean): WatchState {
  const { model, isFirst } = told;
  const next = { ...state };
  const isKnown = model !== null && Object.hasOwn(state.arms, model);
  if (model !== null && (isKnown || Object.keys(state.arms).length < MOST_ARMS)) {
    const arm = isKnown ? state.arms[model]! : noArmDrift();
    const ended = isFirst ? seeEnd(arm, told) : arm;
    next.arms = { ...state.arms, [model]: isNew ? hearWord(ended, told) : ended };
  }
  if (isNew) next.certificate = hearPromise(state.certificate, told);
  return isFirst ? seeLooks(next, told) : next;
}

/** How a prompt looks. */
function seeLooks(state: WatchState, { deciles, novelty, atMs }: Observation): WatchState {
  const prompts = seePrompt(state.prompts, deciles);
  if (novelty === undefined) return { ...state, prompts };
  const expected = state.taught?.novelty ?? 0;
  const outcome = { value: novelty, expected, weight: 1, atMs };
  return { ...state, prompts, novelty: observe(state.novelty, outcome, NOVELTY_TOLERANCE) };
}

function inTrial(state: WatchState, told: Observation, isNew: boolean): WatchState {
  const { serial, side } = told.trial!;
  const before = state.trials[serial]?.trial ?? newTrial();
  const trial = seeSide(before, told, { side, isNewWord: isNew });
  const trials = latest({ ...state.trials, [serial]: { trial, atMs: told.atMs } });
  const next = { ...state, trials };
  return trial.halted === undefined ? next : halt(next, serial, trial.halted);
}

/** Those that were heard of last. */
function latest(trials: WatchState["trials"]): WatchState["trials"] {
  const entries = Object.entries(trials);
  if (entries.length <= MOST_TRIALS) return trials;
  return Object.fromEntries(
    entries.toSorted((a, b) => b[1].atMs - a[1].atMs).slice(0, MOST_TRIALS),
  );
}
