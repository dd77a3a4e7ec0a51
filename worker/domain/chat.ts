/**
 * OpenAI's chat-completions request, as far as Sluice looks into it.
 *
 * The schema names only the fields that routing, metering or safety depend on, and checks those
 * strictly; everything else passes through to the vendor as it came, so a field that a vendor invents
 * tomorrow works today. The size of the body is bounded before it gets here.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat/create
 */
import { z } from "zod";

/** More messages than any client has; a bound for the loops over them. */
const MAX_MESSAGES = 4_096;
const MAX_TOOLS = 512;
/** Answers to one request; of a vendor that sends more, none is believed. */
export const MAX_CHOICES = 128;

const partSchema = z.looseObject({ type: z.string(), text: z.string().optional() });

export const messageSchema = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([z.string(), z.array(partSchema).max(MAX_MESSAGES), z.null()]).optional(),
});

export const chatRequestSchema = z.looseObject({
  model: z.string().min(1).max(256),
  messages: z.array(messageSchema).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  tools: z
    .array(z.looseObject({ type: z.string() }))
    .max(MAX_TOOLS)
    .nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
});

export type ChatMessage = z.infer<typeof messageSchema>;
export type ChatRequest = z.infer<typeof chatRequestSchema>;

/** What the vendor says it used, as far as all of them agree; pipeline/usage.ts reads the rest. */
export const usageSchema = z.looseObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
});
