/**
 * A series played again: every contender forecasts each call when it begins and learns from it when it
 * ends, so nobody sees a call before it has happened, nor what is still under way.
 */
import { LatencyBook } from "../../../worker/routing/latency-book.ts";
import type { CallTimes } from "../../../worker/routing/latency.ts";
import type { Quantiles } from "../../../worker/routing/log-errors.ts";
import { CONTENDERS, type EndedCall, type Target } from "./contenders.ts";
import type { Series, TracedCall } from "./series.ts";

/** Whether the length of each answer is told beforehand, or guessed from those before it. */
export type Length = "guessed" | "known";

export interface Replay {
  readonly actualMs: Float64Array;
  /** By contender, a forecast for each call. */
  readonly forecasts: ReadonlyMap<string, readonly Quantiles[]>;
}

/** Throws an Error where the series does not have the target. */
export function replay(
  { name, prior, calls }: Series,
  { target, length }: { target: Target; length: Length },
): Replay {
  const model = { id: name, latency: { ...prior, source: "estimate" } };
  const book = new LatencyBook();
  const contenders = [...CONTENDERS].map(([who, make]) => {
    return { who, contender: make(prior, target), forecasts: [] as Quantiles[] };
  });
  const actualMs = Float64Array.from(calls, (call) => {
    const actual = call[target];
    if (actual === undefined) throw new Error(`${name} has no ${target}`);
    return actual;
  });
  const underWay: { endMs: number; ended: EndedCall }[] = [];
  calls.forEach((call, k) => {
    const nowMs = call.startMs;
    while (underWay.length > 0 && underWay[0]!.endMs <= nowMs) {
      const { ended } = underWay.shift()!;
      for (const { contender } of contenders) contender.learn(ended);
    }
    const outputTokens = length === "known" ? call.outputTokens : call.expectedTokens;
    const tokens = { inputTokens: call.inputTokens, outputTokens };
    const { conditions } = book.begin(model, tokens, nowMs);
    for (const { contender, forecasts } of contenders)
      forecasts.push(contender.forecast(conditions));
    const endMs = nowMs + call.totalMs;
    const at = underWay.findLastIndex((other) => other.endMs <= endMs) + 1;
    const ended = { conditions, times: timesOf(call), actualMs: actualMs[k]! };
    underWay.splice(at, 0, { endMs, ended });
  });
  return { actualMs, forecasts: new Map(contenders.map(({ who, forecasts }) => [who, forecasts])) };
}

function timesOf({ ttftMs, totalMs, outputTokens }: TracedCall): CallTimes {
  return { ...(ttftMs !== undefined && { ttftMs }), answer: { totalMs, outputTokens } };
}
