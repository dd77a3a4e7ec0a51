/**
 * How fast a simulated model answers. The catalogue's latency figures, divided by a speed-up, give each event of
 * a stream its moment: the first after the time to the first token, the rest at the model's rate. Moments are
 * counted from the start of the request and not from the event before, so a late timer does not slow the rest.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";

/** Milliseconds until the first event, and events per second after it (Infinity: all at once). */
export interface Pace {
  readonly ttftMs: number;
  readonly tokensPerSecond: number;
}

/** A model's own pace, `speed` times faster; a speed of 0 means without any delay. */
export function paceOf(model: CatalogModel, speed: number): Pace {
  if (speed === 0) return { ttftMs: 0, tokensPerSecond: Number.POSITIVE_INFINITY };
  const { ttftMs, outputTokensPerSecond } = model.latency;
  return { ttftMs: ttftMs / speed, tokensPerSecond: outputTokensPerSecond * speed };
}

/** When the event of this index, counted from 0, is due: milliseconds after the request came in. */
export function dueMs(pace: Pace, index: number): number {
  return pace.ttftMs + (index / pace.tokensPerSecond) * 1_000;
}

/** How many tokens are made this long after the request came in: a whole number, or Infinity. */
export function tokensBy({ ttftMs, tokensPerSecond }: Pace, elapsedMs: number): number {
  if (elapsedMs < ttftMs) return 0;
  if (tokensPerSecond === Number.POSITIVE_INFINITY) return tokensPerSecond;
  return Math.floor(((elapsedMs - ttftMs) / 1_000) * tokensPerSecond);
}

/** The same pace, `factor` times slower. A pace without delays counts as 100 ms and 100 tokens a second. */
export function slowed(pace: Pace, factor: number): Pace {
  return {
    ttftMs: (pace.ttftMs || 100) * factor,
    tokensPerSecond: Math.min(pace.tokensPerSecond, 100) / factor,
  };
}
