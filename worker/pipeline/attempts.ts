/**
 * Makes a decision's attempts one after the other until one answers.
 *
 * A retryable failure (a limit, a timeout, a vendor in trouble, an answer that is none) moves on to the
 * next model. A fault of the client's request does not: every vendor would find it, and each finding
 * costs time. When all have failed, the client is told what the last one's failure means for it, with
 * the list of what was tried.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Candidate } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import type { UpstreamCompletion, UpstreamFailure, UpstreamStream } from "../domain/upstream.ts";
import type { BegunCall } from "../routing/latency-book.ts";
import { requireKnown } from "./model-name.ts";
import type { Deps } from "./ports.ts";

/** The attempt that answered. */
interface Success {
  readonly candidate: Candidate;
  readonly outcome: UpstreamCompletion | UpstreamStream;
  /** Attempts made, this one included. */
  readonly count: number;
  /** For whoever learns from it how long such calls take. */
  readonly call: BegunCall;
}

interface AttemptsInput {
  readonly request: ChatRequest;
  readonly attempts: readonly Candidate[];
  /** Estimated, of the prompt. */
  readonly inputTokens: number;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** An attempt that came to nothing. */
export interface Failed {
  readonly model: string;
  readonly failure: UpstreamFailure;
}

type AttemptsDeps = Pick<Deps, "scorer" | "dispatch" | "clock" | "latency" | "log">;

/** Throws RouterError: 400 the vendor's verdict on the request, 429, 502 or 504 when all have failed. */
export async function makeAttempts(
  { request, attempts, inputTokens, requestId, signal }: AttemptsInput,
  { scorer, dispatch, clock, latency, log }: AttemptsDeps,
): Promise<Success> {
  const failed: Failed[] = [];
  for (const candidate of attempts) {
    const { model } = candidate;
    const entry = requireKnown(model, scorer.catalog);
    const upstreamModel = entry.upstreamModel ?? model.slice(model.indexOf("/") + 1);
    const startedMs = clock.nowMs();
    const tokens = { inputTokens, outputTokens: candidate.outputTokensP50 };
    const call = latency.begin(entry, tokens, startedMs);
    const outcome = await dispatch({ model, upstreamModel, request, signal });
    if (outcome.kind !== "failure") return { candidate, outcome, count: failed.length + 1, call };
    log.write("warn", "attempt_failed", {
      request_id: requestId,
      model,
      reason: outcome.reason,
      status: outcome.status,
      duration_ms: clock.nowMs() - startedMs,
    });
    if (outcome.reason === "aborted") throw hungUp();
    if (!outcome.isRetryable) throw rejected(outcome);
    failed.push({ model, failure: outcome });
  }
  throw exhausted(failed);
}

/** Nobody reads this one; it names the case for the log, by nginx's number. */
export function hungUp(): RouterError {
  const details = { code: "client_closed_request", status: 499 };
  return new RouterError("invalid_request_error", "The client closed the request", details);
}

/** The vendor's verdict on the client's request. */
export function rejected({ message }: UpstreamFailure): RouterError {
  return new RouterError("invalid_request_error", message, { code: "upstream_rejected" });
}

/** What the client is told when every attempt has failed; there was at least one. */
export function exhausted(failed: readonly Failed[]): RouterError {
  const last = failed.at(-1)!.failure;
  if (failed.every(({ failure }) => failure.reason === "rejected")) return rejected(last);
  const tried = failed.map(({ model, failure }) => `${model}: ${failure.message}`).join("; ");
  const message = `${failed.length === 1 ? "The attempt" : `All ${failed.length} attempts`} failed. ${tried}`;
  const details = {
    isRetryable: true,
    ...(last.retryAfterMs !== undefined && { retryAfterMs: last.retryAfterMs }),
  };
  if (last.reason === "rate_limited")
    return new RouterError("rate_limit_error", message, {
      ...details,
      code: "upstream_rate_limited",
    });
  if (last.reason === "timeout")
    return new RouterError("timeout_error", message, { ...details, code: "upstream_timeout" });
  return new RouterError("server_error", message, {
    ...details,
    code: "upstream_failed",
    status: 502,
  });
}
