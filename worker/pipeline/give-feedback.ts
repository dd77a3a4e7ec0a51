/**
 * Takes what a tenant says of an answer it was given. Only the request's own tenant may: any other id, made up or
 * somebody else's, is unknown in the same words.
 *
 * It costs nothing and counts as one request of the caller's rate limits, before its id is looked at: who guesses ids
 * is limited as well.
 */
import { RouterError } from "../domain/errors.ts";
import type { EventLog, FeedbackRecord } from "../domain/event.ts";
import type { Feedback, FeedbackStore } from "../domain/feedback.ts";
import type { Costs } from "../domain/purse.ts";
import type { RequestIds } from "../domain/request-ids.ts";
import type { Standing } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import type { Commission, Deps } from "./ports.ts";

export interface FeedbackDeps extends Pick<Deps, "clock" | "log" | "purses"> {
  readonly store: FeedbackStore;
  /** Told as well, of tenants whose events are kept; undefined where nobody keeps any. */
  readonly events?: Pick<EventLog, "record"> | undefined;
  readonly requestIds: Pick<RequestIds, "isOf">;
}

const NOTHING: Costs = new Map();

/**
 * Answers where the caller's budgets and limits stand. Throws RouterError 404, 409 where too many sources have spoken,
 * 503, and where limits say no 429 or 401 as `complete` does.
 */
export async function giveFeedback(
  given: Omit<Feedback, "givenMs">,
  { tag, caller, keepAlive }: Pick<Commission, "tag" | "caller" | "keepAlive">,
  deps: FeedbackDeps,
): Promise<readonly Standing[]> {
  const purse = deps.purses.open(caller, tag.id);
  keepAlive(purse.closed);
  try {
    await purse.cover(NOTHING, 0);
    const feedback = await keep(given, caller, deps);
    keepAlive(remember(feedback, caller, deps));
  } catch (error) {
    purse.settle(NOTHING, 0);
    if (error instanceof RouterError) error.standings = purse.standings();
    throw error;
  }
  purse.settle(NOTHING, 0);
  return purse.standings();
}

async function keep(
  given: Omit<Feedback, "givenMs">,
  { tenant, key }: Caller,
  { store, requestIds, clock, log }: FeedbackDeps,
): Promise<Feedback> {
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
  return feedback;
}

/** For the router to learn from; what was said in words is not. */
async function remember(
  { requestId: id, source, score, givenMs: atMs }: Feedback,
  { tenant }: Caller,
  { events }: FeedbackDeps,
): Promise<void> {
  if (tenant.events === "off") return;
  const record: FeedbackRecord = { kind: "feedback", id, tenant: tenant.id, atMs, source, score };
  await events?.record([record], tenant);
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
