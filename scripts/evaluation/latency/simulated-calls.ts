/**
 * Times for arrivals that were recorded without any: a vendor with a queue, in a few formulas.
 *
 * The first token waits for the prompt to be read, and both parts are slower the more calls are under
 * way. Times scatter log-normally, one call in a hundred takes ten times as long, and half-way through the
 * vendor becomes slower by 1.8 for good. Its size is in proportion to the traffic, or any trace would either
 * flood it or never load it. It is made so that there is load, prompt size and a change to be
 * learnt; how real vendors behave it cannot tell.
 */
import { normalFrom, randomFrom } from "../../../worker/lib/prng.ts";
import type { LatencyPrior } from "../../../worker/routing/latency.ts";
import type { Arrival, TracedCall } from "./series.ts";

/** Calls under way that double every time, as a multiple of what the traffic alone would keep under way. */
const ROOM = 4;
/** Milliseconds that a thousand tokens of a prompt take to be read. */
const READING_MS = 80;
const LATER_SLOWDOWN = 1.8;
const OUTLIER_SHARE = 0.01;
const OUTLIER_FACTOR = 10;

/** The calls that these arrivals become, the same for the same seed. */
export function simulateCalls(
  arrivals: readonly Arrival[],
  { prior, seed }: { prior: LatencyPrior; seed: number },
): TracedCall[] {
  const random = randomFrom(seed);
  const normal = normalFrom(random);
  const crowd = ROOM * offeredCalls(arrivals, prior);
  let underWay: number[] = [];
  return arrivals.map((arrival, k) => {
    const { startMs, inputTokens, outputTokens } = arrival;
    underWay = underWay.filter((endMs) => endMs > startMs);
    const slowdown =
      (1 + underWay.length / crowd) *
      (k > arrivals.length / 2 ? LATER_SLOWDOWN : 1) *
      (random() < OUTLIER_SHARE ? OUTLIER_FACTOR : 1);
    const { firstMs, perTokenMs } = unloaded(inputTokens, prior);
    const ttftMs = slowdown * firstMs * Math.exp(0.25 * normal());
    const restMs = Math.max(outputTokens - 1, 0) * perTokenMs * Math.exp(0.15 * normal());
    const totalMs = ttftMs + slowdown * restMs;
    underWay.push(startMs + totalMs);
    return { ...arrival, ttftMs, totalMs };
  });
}

/** Of a vendor that does nothing else. Not quite the catalogue's, so that there is something to learn. */
function unloaded(
  inputTokens: number,
  prior: LatencyPrior,
): { firstMs: number; perTokenMs: number } {
  return {
    firstMs: 0.6 * prior.ttftMs + (inputTokens / 1_000) * READING_MS,
    perTokenMs: 1_300 / prior.outputTokensPerSecond,
  };
}

/** Calls under way on average if nothing slowed them (Little's law); at least one. */
function offeredCalls(arrivals: readonly Arrival[], prior: LatencyPrior): number {
  const busyMs = arrivals.reduce((sum, { inputTokens, outputTokens }) => {
    const { firstMs, perTokenMs } = unloaded(inputTokens, prior);
    return sum + firstMs + outputTokens * perTokenMs;
  }, 0);
  const spanMs = (arrivals.at(-1)?.startMs ?? 0) - (arrivals[0]?.startMs ?? 0);
  return Math.max(busyMs / Math.max(spanMs, 1), 1);
}
