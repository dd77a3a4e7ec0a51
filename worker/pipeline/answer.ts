/** What `complete` gives: a whole answer, a stream of one, or a decision alone; and what is told of each. */
import type { Origin } from "../domain/kept-answer.ts";
import type { Standing } from "../domain/standing.ts";
import type { SseSource } from "../lib/sse.ts";
import type { Route } from "./route.ts";
import type { Bill } from "./settlement.ts";
import type { TokenCounts } from "./usage.ts";

/** Milliseconds of waiting; workerd's clock does not move while it computes. */
interface Timing {
  readonly routeMs: number;
  /** Until the answer, or until a stream's first event, failed attempts included. */
  readonly upstreamMs: number;
}

/** Where an answer comes from, and what money was worth when its model was chosen, where a paced budget said so. */
export interface AnswerOrigin extends Origin {
  readonly lambda?: number;
}

/** What the cache had to do with an answer. `bypass`: it was not asked. */
export type CacheStatus =
  | { readonly status: "hit" | "semantic"; readonly ageS: number }
  | { readonly status: "miss" | "bypass" | "rewrite" };

interface AnswerFrame {
  readonly origin: AnswerOrigin;
  readonly cache: CacheStatus;
  readonly attemptCount: number;
  /** The model that a hedge hung up on. */
  readonly hedged: string | undefined;
  readonly timing: Timing;
  /** Of the caller's budgets and limits. */
  readonly standings: readonly Standing[];
}

/** A whole answer: the vendor's body as it came, and parsed. */
export interface WholeAnswer extends AnswerFrame {
  readonly kind: "whole";
  readonly text: string;
  readonly body: Record<string, unknown>;
  /** A spent budget has ended it early. */
  readonly isStopped: boolean;
  readonly counts: TokenCounts;
  readonly bill: Bill;
  /** The same with who gave it, for formats that show it in the answer itself. */
  readonly receipt: Record<string, unknown>;
}

/**
 * A stream of OpenAI's chunks, which the reader owns; an error is one of them. `ended` resolves when it is over,
 * however it ends.
 */
export interface StreamedAnswer extends AnswerFrame {
  readonly kind: "streamed";
  readonly events: SseSource;
  readonly ended: Promise<void>;
}

/** Nobody was called: the client asked for the decision only. */
export interface DryAnswer {
  readonly kind: "dry";
  readonly route: Route;
  readonly timing: Timing;
  readonly standings: readonly Standing[];
}

export type Answer = WholeAnswer | StreamedAnswer | DryAnswer;
