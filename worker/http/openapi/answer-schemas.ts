/**
 * What the other wire formats are answered with. As with chat, no more is promised than every answer has:
 * what a vendor adds goes along.
 *
 * Sources: https://platform.openai.com/docs/api-reference/responses/object, …/embeddings/object and
 * https://platform.claude.com/docs/en/api/messages
 */
import { z } from "zod";
import { routeSchema } from "../wire/view-schemas.ts";

const typed = z.looseObject({ type: z.string() });

export const responseSchema = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.int(),
  status: z.enum(["in_progress", "completed", "incomplete", "failed"]),
  model: z.string().describe("The one that answered"),
  output: z.array(typed).describe("Messages, reasoning and calls of functions"),
  usage: z
    .looseObject({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() })
    .nullable(),
});

/** The data of one event of a streamed response. */
export const responseEventSchema = typed.extend({ sequence_number: z.int().optional() });

export const messageSchema = z.looseObject({
  id: z.string(),
  type: z.literal("message"),
  role: z.literal("assistant"),
  model: z.string().describe("The vendor's own name of the model"),
  content: z.array(typed).describe("Text, thinking and uses of tools"),
  stop_reason: z.string().nullable(),
  usage: z.looseObject({ input_tokens: z.int(), output_tokens: z.int() }),
});

/** The data of one event of a streamed message. */
export const messageEventSchema = typed;

export const tokenCountSchema = z.strictObject({ input_tokens: z.int().describe("Estimated") });

export const embeddingListSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      embedding: z.union([z.array(z.number()), z.string().describe("Base64 of 32-bit floats")]),
    }),
  ),
});

/** Who would serve a request for embeddings, on a dry run. */
export const embeddingRouteSchema = routeSchema
  .pick({ id: true, object: true, model: true, reason: true, input_tokens: true, attempts: true })
  .extend({
    models: z.array(z.strictObject({ model: z.string(), cost_usd: z.number() })),
    excluded: routeSchema.shape.excluded,
  });

/** Anthropic's error object; `code` is ours. */
export const anthropicErrorSchema = z.looseObject({
  type: z.literal("error"),
  error: z.looseObject({ type: z.string(), message: z.string() }),
});
