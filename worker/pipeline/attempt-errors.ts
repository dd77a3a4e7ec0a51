/** What a client is told when no attempt has answered: whose fault it was, and when to come back. */
import { RouterError } from "../domain/errors.ts";
import type { UpstreamFailure } from "../domain/upstream.ts";

/** A model that has not answered, and its latest failure. */
export interface FailedModel {
  readonly model: string;
  readonly failure: UpstreamFailure;
}

/** Nobody reads this one; it names the case for the log, by nginx's number. */
export function hungUp(): RouterError {
  const details = { code: "client_closed_request", status: 499 };
  return new RouterError("invalid_request_error", "The client closed the request", details);
}

const CODE_OF_REFUSAL: Partial<Record<UpstreamFailure["reason"], string>> = {
  context_overflow: "context_length_exceeded",
  content_filtered: "content_filter",
};

/** The vendor's verdict on the request itself. */
export function refused({ message, reason }: UpstreamFailure): RouterError {
  const code = CODE_OF_REFUSAL[reason] ?? "upstream_rejected";
  return new RouterError("invalid_request_error", message, { code });
}

/**
 * All have failed. The last real failure decides what it means for the client: a request that no window
 * holds, a limit, a timeout, or trouble of the vendors. Where nobody could be called at all, it is told
 * when the first vendor may be.
 */
export function exhausted(failed: readonly FailedModel[], calls: number): RouterError {
  const paid = failed.filter(({ failure }) => failure.reason !== "unaffordable");
  const unpaid = failed.find(({ failure }) => failure.reason === "unaffordable")?.failure;
  if (paid.length === 0 && unpaid !== undefined)
    return new RouterError("insufficient_quota", unpaid.message, { code: "insufficient_quota" });
  const last = paid.findLast(({ failure }) => failure.reason !== "cooling")?.failure;
  const tried = failed.map(({ model, failure }) => `${model}: ${failure.message}`);
  if (last === undefined) return coolingDown(paid, tried);
  const isRejected = paid.every(({ failure }) => failure.reason === "rejected");
  if (isRejected || last.reason === "context_overflow") return refused(last);
  const message = `${calls === 1 ? "The attempt" : `All ${calls} attempts`} failed. ${tried.join("; ")}`;
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

function coolingDown(failed: readonly FailedModel[], tried: readonly string[]): RouterError {
  const waits = failed.map(({ failure }) => failure.retryAfterMs ?? 0);
  return new RouterError("server_error", `No vendor can be called now. ${tried.join("; ")}`, {
    code: "upstream_cooling",
    status: 503,
    isRetryable: true,
    retryAfterMs: Math.min(...waits),
  });
}
