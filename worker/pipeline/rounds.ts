/**
 * Whether a request whose attempts have all failed is tried again, when, and with which models. Pure.
 *
 * Vendors' troubles are short: a second or third round often succeeds where the first did not. It is
 * tried after a pause that doubles and has chance in it, so that many clients do not return at one
 * moment, and not before the first vendor asked to be called again. A wait that is long is left to the
 * client, which knows what else it could do.
 *
 * Source: M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
import type { Candidate } from "../domain/decision.ts";
import type { UpstreamFailure } from "../domain/upstream.ts";
import type { FailedModel } from "./attempt-errors.ts";

/** A model's latest failure in this request. */
export interface Failed<T = Candidate> extends FailedModel {
  readonly candidate: T;
  readonly atMs: number;
}

/** Rounds after the first. */
const MAX_FURTHER_ROUNDS = 2;
const FIRST_PAUSE_MS = 250;
/** A client waits no longer than this without being told why. */
const MAX_PAUSE_MS = 5_000;

export interface NextRound<T = Candidate> {
  readonly waitMs: number;
  /** In the order in which they failed, which is the decision's. */
  readonly candidates: readonly T[];
}

/** @param rounds Rounds made so far, from 1. @param jitter Uniform in [0, 1). */
export function nextRound<T>(
  failed: readonly Failed<T>[],
  time: {
    readonly rounds: number;
    readonly nowMs: number;
    readonly deadlineMs: number;
    readonly jitter: number;
  },
): NextRound<T> | undefined {
  const { rounds, nowMs, deadlineMs, jitter } = time;
  if (rounds > MAX_FURTHER_ROUNDS) return undefined;
  const again = failed
    .filter(({ failure }) => !wouldRepeat(failure))
    .map(({ candidate, failure, atMs }) => ({
      candidate,
      fromMs: atMs + (failure.retryAfterMs ?? 0),
    }));
  const pauseMs = FIRST_PAUSE_MS * 2 ** (rounds - 1) * (0.5 + jitter / 2);
  const soonestMs = Math.min(...again.map(({ fromMs }) => fromMs));
  const startMs = Math.max(nowMs + pauseMs, soonestMs);
  if (startMs - nowMs > MAX_PAUSE_MS || startMs >= deadlineMs) return undefined;
  return {
    waitMs: startMs - nowMs,
    candidates: again.flatMap(({ candidate, fromMs }) => (fromMs <= startMs ? [candidate] : [])),
  };
}

/** Whether the same call would fail the same way a second later. */
function wouldRepeat({ reason, status = 0 }: UpstreamFailure): boolean {
  if (["rejected", "context_overflow", "content_filtered", "unaffordable"].includes(reason))
    return true;
  return (status >= 300 && status < 400) || [401, 402, 403, 404, 413].includes(status);
}
