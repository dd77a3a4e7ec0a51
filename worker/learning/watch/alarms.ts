/**
 * Alarms as operators hear of them: when each began, when it ended, and the numbers that it stands on.
 *
 * What stands is for detectors/watch.ts to say; here it is only compared with what stood before. Each change is an
 * event that waits, with others, for somebody who keeps a log: the object that watches has none.
 */
import { z } from "zod";
import { armShift } from "../detectors/arm-drift.ts";
import { promiseEvidence } from "../detectors/certificate-watch.ts";
import { shiftOf } from "../detectors/drift.ts";
import { stabilityIndices } from "../detectors/feature-drift.ts";
import { alarmsIn, NOVELTY_TOLERANCE, type WatchState } from "../detectors/watch.ts";

/** Events that wait at most; the oldest are lost. */
const MOST_EVENTS = 100;

export const watchEventSchema = z.object({
  event: z.enum(["drift_began", "drift_ended", "trial_halted"]),
  /** The alarm, as `model:<id>`, or the trial's serial. */
  what: z.string(),
  atMs: z.number(),
  /** Of an alarm that begins: shift of a model or of novelty, worst index of prompts, log wealth of the certificate. */
  value: z.number().optional(),
  why: z.string().optional(),
});
export type WatchEvent = z.output<typeof watchEventSchema>;

export const standingSchema = z.object({
  /** By alarm: when it began. */
  since: z.record(z.string(), z.number()),
  /** Serials of trials whose end has been told. */
  halted: z.array(z.number()),
  events: z.array(watchEventSchema).max(MOST_EVENTS),
});
export type Standing = z.output<typeof standingSchema>;

export function nothingStands(): Standing {
  return { since: {}, halted: [], events: [] };
}

/** What stands now, with an event for each change; the very same value where there is none. */
export function compare(standing: Standing, state: WatchState, nowMs: number): Standing {
  const alarms = alarmsIn(state, nowMs);
  const began = alarms.filter((what) => !Object.hasOwn(standing.since, what));
  const ended = Object.keys(standing.since).filter((what) => !alarms.includes(what));
  const halts = state.halted.filter(({ serial }) => !standing.halted.includes(serial));
  const events: WatchEvent[] = [
    ...began.map((what) => {
      const value = valueOf(state, what, nowMs);
      return { event: "drift_began" as const, what, atMs: nowMs, value };
    }),
    ...ended.map((what) => ({ event: "drift_ended" as const, what, atMs: nowMs })),
    ...halts.map(({ serial, why }) => {
      return { event: "trial_halted" as const, what: String(serial), atMs: nowMs, why };
    }),
  ];
  if (events.length === 0) return standing;
  return {
    since: Object.fromEntries(alarms.map((what) => [what, standing.since[what] ?? nowMs])),
    halted: state.halted.map(({ serial }) => serial),
    events: [...standing.events, ...events].slice(-MOST_EVENTS),
  };
}

function valueOf(state: WatchState, what: string, nowMs: number): number {
  switch (what) {
    case "prompts":
      return Math.max(...stabilityIndices(state.prompts));
    case "novelty":
      return shiftOf(state.novelty, nowMs, NOVELTY_TOLERANCE);
    case "certificate":
      return promiseEvidence(state.certificate);
    default:
      return armShift(state.arms[what.slice("model:".length)]!, nowMs);
  }
}
