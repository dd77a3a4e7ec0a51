/**
 * Days made of a trace, which is itself an hour or less: it is played round and round, and of its requests each hour
 * of the day keeps a share, a tenth at midnight of what noon keeps. The level of the day and that of each hour are
 * drawn anew, so two days are like one another as a Wednesday is like a Tuesday, and no more.
 *
 * Bursts and lengths are the trace's, the rhythm is made up: the traces have none.
 */
import { normalFrom, type Random } from "../../worker/lib/prng.ts";

export const DAY_MS = 86_400_000;

const HOURS = 24;
/** Share of the trace's requests at noon of a mean day; leaves room for a busier one. */
const AT_NOON = 0.6;
/** Of noon's. */
const AT_MIDNIGHT = 0.1;
/** Deviation of the logarithm of a day's level, and of an hour's within it. */
const DAY_NOISE = 0.2;
const HOUR_NOISE = 0.15;

/** A call of a day, and when it is made, in milliseconds since midnight. */
export interface DayCall<T> {
  readonly call: T;
  readonly atMs: number;
}

/** One day, by ascending time. @param calls Of a trace, by ascending start. */
export function dayOf<T extends { readonly startMs: number }>(
  calls: readonly T[],
  random: Random,
): DayCall<T>[] {
  const normal = normalFrom(random);
  const day = Math.exp(DAY_NOISE * normal());
  const kept = Array.from(
    { length: HOURS },
    (_, hour) => AT_NOON * day * Math.exp(HOUR_NOISE * normal()) * rhythm(hour),
  );
  const [startMs, endMs] = [calls[0]?.startMs ?? 0, calls.at(-1)?.startMs ?? 0];
  const lengthMs = (endMs - startMs) * (1 + 1 / (calls.length - 1));
  const rounds = lengthMs > 0 ? Math.ceil(DAY_MS / lengthMs) : 0;
  return Array.from({ length: rounds }, (_, round) =>
    calls.flatMap((call) => {
      const atMs = round * lengthMs + call.startMs - startMs;
      const isKept = atMs < DAY_MS && random() < kept[Math.floor((atMs / DAY_MS) * HOURS)]!;
      return isKept ? [{ call, atMs }] : [];
    }),
  ).flat();
}

function rhythm(hour: number): number {
  return AT_MIDNIGHT + (1 - AT_MIDNIGHT) * Math.sin((Math.PI * (hour + 0.5)) / HOURS) ** 2;
}
