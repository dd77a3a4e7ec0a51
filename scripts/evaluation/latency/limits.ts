/**
 * What a latency limit is worth: of the calls that a forecast lets through, how many take longer after
 * all, and how many calls that would have kept the limit it turns away. Said for the median and for the
 * 90th percentile, since `max_latency_ms` has to be held against one of them.
 */
import { LEARNER } from "./contenders.ts";
import type { Replay } from "./replay.ts";

/** One limit held against one quantile of the learner's forecasts. */
export interface LimitRow {
  readonly limitMs: number;
  readonly quantile: "p50" | "p90";
  /** Share of all calls that were let through. */
  readonly letThrough: number;
  /** Of those, the share that took longer; NaN for none. */
  readonly broken: number;
  /** Of the calls that would have kept the limit, the share that was turned away; NaN for none. */
  readonly turnedAway: number;
}

/** Milliseconds. */
const LIMITS_MS = [1_000, 2_000, 5_000, 10_000, 20_000];

/** Every limit against both quantiles. */
export function limitRows({ actualMs, forecasts }: Replay): LimitRow[] {
  const own = forecasts.get(LEARNER)!;
  return LIMITS_MS.flatMap((limitMs) =>
    (["p50", "p90"] as const).map((quantile): LimitRow => {
      let [through, broken, keeping, away] = [0, 0, 0, 0];
      actualMs.forEach((actual, row) => {
        const isThrough = own[row]![quantile] <= limitMs;
        const keeps = actual <= limitMs;
        through += Number(isThrough);
        broken += Number(isThrough && !keeps);
        keeping += Number(keeps);
        away += Number(keeps && !isThrough);
      });
      const letThrough = through / actualMs.length;
      return {
        limitMs,
        quantile,
        letThrough,
        broken: broken / through,
        turnedAway: away / keeping,
      };
    }),
  );
}
