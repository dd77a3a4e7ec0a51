/**
 * Which chat requests OpenAI must be asked through its Responses API, and can be.
 *
 * Its newer models think unless told not to, and `/chat/completions` then refuses them function tools, one of
 * them even then. So a request with tools, or in the middle of using them, goes to `/responses`.
 *
 * That API has no words for several answers, very short ones, stop texts, seeds, penalties, log probabilities,
 * audio, predictions and the functions that came before tools; free-form tools work differently there. A request
 * with any of these, or of a shape that is not known here, stays on `/chat/completions`, where the vendor
 * judges. The schema below is what is left: whatever it lets through, responses-request.ts can say.
 *
 * Sources: https://platform.openai.com/docs/guides/migrate-to-responses,
 * https://platform.openai.com/docs/api-reference/responses/create,
 * https://github.com/BerriAI/litellm/pull/34569 (the refusal and its words)
 */
import { z } from "zod";
import type { ChatRequest } from "../../domain/chat.ts";

/** Chat fields that Responses lacks, each with the values that ask for nothing and can be left out. */
const LACKING = {
  n: z.literal(1).nullish(),
  stop: z.tuple([]).nullish(),
  seed: z.null().optional(),
  logit_bias: z.strictObject({}).nullish(),
  frequency_penalty: z.literal(0).nullish(),
  presence_penalty: z.literal(0).nullish(),
  logprobs: z.literal(false).nullish(),
  top_logprobs: z.literal(0).nullish(),
  modalities: z.tuple([z.literal("text")]).nullish(),
  audio: z.null().optional(),
  web_search_options: z.null().optional(),
  prediction: z.null().optional(),
  functions: z.tuple([]).nullish(),
  function_call: z.null().optional(),
  input: z.null().optional(), // No field of a chat; there it would take the messages' place.
};

/** Names of the chat fields that never go out. */
export const LEFT_OUT: readonly string[] = Object.keys(LACKING);

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });
const refusalPart = z.looseObject({ type: z.literal("refusal"), refusal: z.string() });
const heardPart = z.discriminatedUnion("type", [
  textPart,
  z.looseObject({
    type: z.literal("image_url"),
    image_url: z.looseObject({ url: z.string() }),
  }),
  z.looseObject({ type: z.literal("file"), file: z.looseObject({}) }),
]);
const heard = z.union([z.string(), z.array(heardPart)]);
const saidPart = z.discriminatedUnion("type", [textPart, refusalPart]);

const callSchema = z.looseObject({
  id: z.string(),
  type: z.literal("function").optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const messageSchema = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer", "user"]), content: heard }),
  z.looseObject({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(saidPart)]).nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(callSchema).nullish(),
    audio: z.null().optional(),
    function_call: z.null().optional(),
  }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: z.string(), content: heard }),
]);

const functionSchema = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({ name: z.string() }),
});

const choiceSchema = z.union([
  z.string(),
  functionSchema,
  z.looseObject({
    type: z.literal("allowed_tools"),
    allowed_tools: z.looseObject({ tools: z.array(functionSchema) }),
  }),
]);

const formatSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("json_schema"), json_schema: z.looseObject({}) }),
  z.looseObject({ type: z.enum(["json_object", "text"]) }),
]);

/** It takes no smaller one. */
const limit = z.number().min(16).nullish();

const toolRequestSchema = z.looseObject({
  ...LACKING,
  messages: z.array(messageSchema),
  tools: z.array(functionSchema).nullish(),
  tool_choice: choiceSchema.nullish(),
  response_format: formatSchema.nullish(),
  max_tokens: limit,
  max_completion_tokens: limit,
  stream_options: z.looseObject({}).nullish(),
  // Two fields of Responses that a client may send already, to which is added what chat has names for.
  reasoning: z.looseObject({}).nullish(),
  text: z.looseObject({}).nullish(),
});

/** A chat request that Responses has words for. */
export type ToolRequest = z.infer<typeof toolRequestSchema>;
export type ToolMessage = ToolRequest["messages"][number];
export type HeardPart = z.infer<typeof heardPart>;

/** The request as one to ask through Responses, or undefined where that has no words for it. */
export function toolRequestIn(request: ChatRequest): ToolRequest | undefined {
  return toolRequestSchema.safeParse(request).data;
}

/** Whether it offers tools, or is in the middle of using them. */
export function usesTools({ tools, messages }: ChatRequest): boolean {
  if (tools !== undefined && tools !== null && tools.length > 0) return true;
  return messages.some(({ role, tool_calls: calls }) => {
    return role === "tool" || (Array.isArray(calls) && calls.length > 0);
  });
}
