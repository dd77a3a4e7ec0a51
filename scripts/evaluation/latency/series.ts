/** Calls of one model in order of time: what a latency forecast is held against. */
import type { LatencyPrior } from "../../../worker/routing/latency.ts";

/** One call as it went. */
export interface TracedCall {
  /** Milliseconds since 1970, or since the trace began. */
  readonly startMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What was to be expected before the call. */
  readonly expectedTokens: number;
  readonly totalMs: number;
  /** Until the first token, where it is known. */
  readonly ttftMs?: number;
}

export interface Series {
  readonly name: string;
  /** Whether somebody measured these times; else a simulation made them. */
  readonly isMeasured: boolean;
  readonly prior: LatencyPrior;
  /** By ascending start. */
  readonly calls: readonly TracedCall[];
}

/** An arrival: when, and how long the prompt and the answer were. */
export type Arrival = Pick<
  TracedCall,
  "startMs" | "inputTokens" | "outputTokens" | "expectedTokens"
>;
