/**
 * Takes what a tenant says of an answer it was given. Only the request's own tenant may: any other id, made up or
 * somebody else's, is unknown in the same words.
 */
import { RouterError } from "../domain/errors.ts";
import type { Feedback, FeedbackStore } from "../domain/feedback.ts";
import type { RequestIds } from "../domain/request-ids.ts";
import type { Caller } from "../domain/tenant.ts";
import type { Deps } from "./ports.ts";

export interface FeedbackDeps extends Pick<Deps, "clock" | "log"> {
  readonly store: FeedbackStore;
  readonly requestIds: Pick<RequestIds, "isOf">;
}

/** Throws RouterError 404, 409 where too many sources have spoken, 503. */
export async function giveFeedback(
  given: Omit<Feedback, "givenMs">,
  { tenant, key }: Caller,
  { store, requestIds, clock, log }: FeedbackDeps,
): Promise<void> {
  const { requestId, source, score } = given;
  if (!(await requestIds.isOf(requestId, tenant.id)))
    throw new RouterError(
      "not_found_error",
      `request_id: tenant ${tenant.id} has made no request of this id; ` +
        "x-sluice-request-id of an answer is what is wanted",
      { code: "unknown_request", param: "request_id" },
    );
  const feedback = { ...given, givenMs: clock.nowMs() };
  const outcome = await store.keep(tenant.id, feedback).catch(feedbackUnreachable);
  if (outcome === "full")
    throw new RouterError(
      "invalid_request_error",
      "source: too many others have said something of this request; say it as one of them",
      { code: "too_many_sources", status: 409, param: "source" },
    );
  log.write("info", "feedback", {
    request_id: requestId,
    tenant: tenant.id,
    key: key.id,
    source,
    score,
  });
}

/** Throws RouterError 503. */
export function feedbackUnreachable(cause: unknown): never {
  throw new RouterError("server_error", "Feedback cannot be reached at the moment; try again", {
    code: "feedback_unreachable",
    status: 503,
    isRetryable: true,
    cause,
  });
}
