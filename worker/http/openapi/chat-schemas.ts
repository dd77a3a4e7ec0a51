/**
 * What a chat request is answered with. The body is the vendor's, as it came, so no more is promised than is
 * checked (`choices`) or added (`sluice`); the rest says where clients find what.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat/object
 */
import { z } from "zod";
import { errorBodySchema } from "../../domain/errors.ts";

const usageSchema = z.looseObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int().optional(),
  prompt_tokens_details: z
    .looseObject({
      cached_tokens: z.int().nullish(),
      cache_write_tokens: z.int().nullish(),
      cache_write_1h_tokens: z.int().nullish(),
    })
    .nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nullish() }).nullish(),
});

const frame = {
  id: z.string().optional(),
  created: z.int().optional(),
  model: z.string().optional().describe("The vendor's own name of the model"),
};

const messageSchema = z.looseObject({
  role: z.string().optional(),
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish().describe("What the model thought, where it says so"),
  tool_calls: z.array(z.looseObject({})).nullish(),
});

const finish = { index: z.int().optional(), finish_reason: z.string().nullish() };

export const completionSchema = z.looseObject({
  ...frame,
  object: z.string().optional().describe("chat.completion"),
  choices: z.array(z.looseObject({ ...finish, message: messageSchema.optional() })).min(1),
  usage: usageSchema.nullish(),
});

const receiptSchema = z
  .looseObject({
    cost_usd: z.number(),
    saved_usd: z.number().describe("Against the reference model; negative where it cost more"),
    model: z.string().describe("The one that answered"),
    attempts: z.int(),
    hedged: z.string().optional().describe("The model that a hedge hung up on"),
    hedge_cost_usd: z.number().optional().describe("What that may have cost; part of the cost"),
    is_usage_estimated: z.boolean().optional().describe("The vendor reported no usage"),
  })
  .describe("In the last chunk before [DONE]");

const chunkSchema = z.looseObject({
  ...frame,
  object: z.string().optional().describe("chat.completion.chunk"),
  choices: z.array(z.looseObject({ ...finish, delta: messageSchema.optional() })),
  usage: usageSchema.nullish(),
  sluice: receiptSchema.optional(),
});

/** The data of one event of a streamed answer; after the second kind nothing follows. */
export const chunkOrErrorSchema = z.union([chunkSchema, errorBodySchema]);
