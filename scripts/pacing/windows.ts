/**
 * A set's questions at a trace's times, under a budget: the window that spenders play.
 *
 * A window is the trace itself, or a day made of it (days.ts), which knows how many requests the day before had.
 */
import { RHYTHM_PARTS, type Rhythm } from "../../worker/domain/standing.ts";
import { hashText, pick, randomFrom } from "../../worker/lib/prng.ts";
import type { Series, TracedCall } from "../evaluation/latency/series.ts";
import { DAY_MS, dayOf, type DayCall } from "./days.ts";
import type { PaceOptions } from "./options.ts";
import type { QuestionSet } from "./questions.ts";
import type { Arrival, Window } from "./simulation.ts";

export interface WindowTerms extends Pick<PaceOptions, "isolates" | "window"> {
  /** The limit, as a share of what the strongest model alone would cost. */
  readonly share: number;
  readonly seed: number;
}

export function windowOf(
  { name, questions, strongest }: QuestionSet,
  { calls }: Series,
  { share, isolates, window, seed }: WindowTerms,
): Window {
  const random = randomFrom(hashText(`${name} ${seed}`));
  const drawn = questions.map(() => pick(random, questions));
  function arrivalOf({ call, atMs }: DayCall<TracedCall>): Arrival {
    const [question, isolate] = [pick(random, drawn), Math.floor(random() * isolates)];
    return { atMs, tookMs: call.totalMs, question, isolate };
  }
  const startMs = calls[0]?.startMs ?? 0;
  const isDay = window === "day";
  const before = isDay ? { before: rhythmOf(dayOf(calls, random)) } : {};
  const timed = isDay
    ? dayOf(calls, random)
    : calls.map((call) => ({ call, atMs: call.startMs - startMs }));
  const arrivals = timed.map(arrivalOf);
  const whole = arrivals.reduce(
    (sum, { question }) => sum + question.outcomes.get(strongest)!.costMicroUsd,
    0,
  );
  return {
    arrivals,
    windowMs: isDay ? DAY_MS : (arrivals.at(-1)?.atMs ?? 0),
    limitMicroUsd: Math.round(share * whole),
    ...before,
  };
}

function rhythmOf(day: readonly DayCall<TracedCall>[]): Rhythm {
  const counts = Array.from({ length: RHYTHM_PARTS }, () => 0);
  for (const { atMs } of day) counts[Math.floor((atMs / DAY_MS) * RHYTHM_PARTS)]!++;
  return counts;
}
