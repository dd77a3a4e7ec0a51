/** POST /v1/feedback: what a tenant says of an answer that it was given. */
import { RouterError } from "../../domain/errors.ts";
import { feedbackSchema, type FeedbackStore } from "../../domain/feedback.ts";
import { giveFeedback } from "../../pipeline/give-feedback.ts";
import { commissionOf, elapsed, type HttpContext } from "../context.ts";
import { readBody, readJsonObject } from "../wire/json-body.ts";
import { standingHeaders } from "../wire/standing-headers.ts";

/** A comment fits in several times over. */
const MAX_BYTES = 1 << 16;

export async function feedback(context: HttpContext): Promise<Response> {
  const { deps } = context.var;
  const maxBytes = Math.min(MAX_BYTES, deps.maxBodyBytes);
  const object = await readJsonObject(context.req.raw, maxBytes, "shorten the comment");
  const body = readBody(feedbackSchema, object);
  const { request_id: requestId, ...said } = body;
  const { requestIds, pipeline, events } = deps;
  const feedbackDeps = { ...pipeline, store: storeIn(context), requestIds, events };
  const standings = await giveFeedback({ requestId, ...said }, commissionOf(context), feedbackDeps);
  const headers = standingHeaders(standings, elapsed(context).nowMs);
  return context.json({ object: "feedback", ...body }, 200, headers);
}

/** Throws RouterError 501 where the deployment keeps none. */
export function storeIn({ var: { deps } }: HttpContext): FeedbackStore {
  if (deps.feedback !== undefined) return deps.feedback;
  throw new RouterError(
    "server_error",
    "This deployment keeps no feedback; the binding FEEDBACK in wrangler.toml is where it would be",
    { code: "no_feedback", status: 501 },
  );
}
