/** Feedback on the wire: what is given is in domain/feedback.ts; here is what is answered, and how it is paged. */
import { z } from "zod";
import { RouterError } from "../../domain/errors.ts";
import { feedbackSchema, type KeptFeedback } from "../../domain/feedback.ts";

export const feedbackViewSchema = z.strictObject({
  object: z.literal("feedback"),
  ...feedbackSchema.shape,
  source: z.string(),
});

const keptSchema = feedbackViewSchema.extend({ given_at: z.iso.datetime() });

export const feedbackListSchema = z.strictObject({
  object: z.literal("list"),
  data: z.array(keptSchema),
  /** What `after` has to be to go on; null where this is all. */
  next: z.number().nullable(),
});

export const feedbackErasureSchema = z.strictObject({
  object: z.literal("feedback_erasure"),
  tenant: z.string(),
});

const MAX_PAGE = 1_000;

/** The query's fields, as the document shows them. */
export const FEEDBACK_QUERY = {
  after: {
    schema: z.coerce.number().int().min(0).default(0),
    description: "`next` of the page before",
  },
  limit: {
    schema: z.coerce.number().int().min(1).max(MAX_PAGE).default(MAX_PAGE),
    description: "How many at most",
  },
};

/** Throws RouterError 400. */
export function pageIn(query: Record<string, string>): { after: number; limit: number } {
  const { after, limit } = FEEDBACK_QUERY;
  const asked = { after: query["after"], limit: query["limit"] };
  const parsed = z.object({ after: after.schema, limit: limit.schema }).safeParse(asked);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const param = String(path[0]);
  throw new RouterError("invalid_request_error", `${param}: ${message}`, {
    code: "invalid_query",
    param,
  });
}

/** @param limit What was asked for: a page that is full may not be the last. */
export function feedbackListView(
  kept: readonly KeptFeedback[],
  limit: number,
): z.output<typeof feedbackListSchema> {
  return {
    object: "list",
    data: kept.map(({ requestId, source, score, comment, givenMs }) => ({
      object: "feedback",
      request_id: requestId,
      source,
      score,
      ...(comment !== undefined && { comment }),
      given_at: new Date(givenMs).toISOString(),
    })),
    next: kept.length < limit ? null : kept.at(-1)!.at,
  };
}
