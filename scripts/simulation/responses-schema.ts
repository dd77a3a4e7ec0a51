/**
 * The body of a request to OpenAI's Responses API, as strictly as OpenAI reads it: for the simulated vendor, which
 * stands for OpenAI and so must not take what OpenAI refuses.
 *
 * Left out: tools other than functions, which OpenAI runs itself, and thoughts that were sealed, of which none is
 * ever given away.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses/create
 */
import { z } from "zod";

/** Known to OpenAI, and without effect on what is made up here. */
const ignored = z.unknown().optional();
/** Refers to something that OpenAI keeps. */
const reference = z.null({ error: "refers to nothing that is stored" }).optional();
const name = z.string().regex(/^[\w-]{1,64}$/);
const schema = z.record(z.string(), z.unknown());

const marked = { prompt_cache_breakpoint: z.looseObject({ mode: z.string() }).optional() };
const inputPart = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("input_text"), text: z.string(), ...marked }),
  z.strictObject({
    type: z.literal("input_image"),
    image_url: z.url({ protocol: /^(https?|data)$/ }),
    detail: z.enum(["low", "high", "auto", "original"]).nullish(),
    file_id: reference,
    ...marked,
  }),
  z.strictObject({
    type: z.literal("input_file"),
    file_data: z.string().optional(),
    file_url: z.url().optional(),
    filename: z.string().optional(),
    detail: z.enum(["low", "high", "auto"]).optional(),
    file_id: reference,
    ...marked,
  }),
]);
const outputPart = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.looseObject({ type: z.string() })).optional(),
    logprobs: z.array(z.looseObject({})).optional(),
  }),
  z.strictObject({ type: z.literal("refusal"), refusal: z.string() }),
]);

const own = {
  id: z.string().nullish(),
  status: z.enum(["in_progress", "completed", "incomplete"]).nullish(),
};
const turn = { type: z.literal("message").optional(), phase: z.string().nullish(), ...own };
const item = z.discriminatedUnion("type", [
  z.discriminatedUnion("role", [
    z.strictObject({
      ...turn,
      role: z.enum(["user", "system", "developer"]),
      content: z.union([z.string(), z.array(inputPart)]),
    }),
    z.strictObject({
      ...turn,
      role: z.literal("assistant"),
      content: z.union([z.string(), z.array(outputPart)]),
    }),
  ]),
  z.strictObject({
    type: z.literal("function_call"),
    call_id: z.string().min(1).max(64),
    name,
    arguments: z.string(),
    ...own,
  }),
  z.strictObject({
    type: z.literal("function_call_output"),
    call_id: z.string().min(1).max(64),
    output: z.union([z.string(), z.array(inputPart)]),
    ...own,
  }),
  z.strictObject({
    type: z.literal("reasoning"),
    summary: z.array(z.strictObject({ type: z.literal("summary_text"), text: z.string() })),
    content: z
      .array(z.strictObject({ type: z.literal("reasoning_text"), text: z.string() }))
      .nullish(),
    encrypted_content: z.null({ error: "could not be verified" }).optional(),
    ...own,
  }),
  z.strictObject({ type: z.literal("item_reference"), id: z.string() }),
]);

const tool = z.strictObject({
  type: z.literal("function"),
  name,
  description: z.string().nullish(),
  parameters: schema.nullable(),
  strict: z.boolean().nullish(),
});
const named = z.strictObject({ type: z.literal("function"), name });
const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    named,
    z.strictObject({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(named).min(1),
    }),
  ]),
]);

const textFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name,
    schema,
    description: z.string().nullish(),
    strict: z.boolean().nullish(),
  }),
]);

const summary = z.enum(["auto", "concise", "detailed"]).nullish();
/** A body that OpenAI takes, as far as one can say without its items having met. */
export const responsesRequestSchema = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(item).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
  store: z.boolean().nullish(),
  background: z.literal(false).nullish(),
  include: z
    .array(
      z.enum([
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
      ]),
    )
    .nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z
    .strictObject({
      format: textFormat.optional(),
      verbosity: z.enum(["low", "medium", "high"]).nullish(),
    })
    .optional(),
  reasoning: z
    .strictObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
      summary,
      generate_summary: summary,
      context: z.enum(["auto", "current_turn", "all_turns"]).nullish(),
      mode: z.string().optional(),
    })
    .nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  user: z.string().optional(),
  safety_identifier: z.string().max(64).nullish(),
  service_tier: z.string().nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  prompt_cache_key: z.string().max(64).nullish(),
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
  prompt_cache_options: ignored,
  access_programs: ignored,
  context_management: ignored,
  image: ignored,
  max_tool_calls: ignored,
  moderation: ignored,
  previous_response_id: reference,
  conversation: reference,
  prompt: reference,
});

export type ResponsesRequest = z.infer<typeof responsesRequestSchema>;
export type InputItem = z.infer<typeof item>;
/** A part of a message or of a call's output, of either side. */
export type ContentPart = z.infer<typeof inputPart> | z.infer<typeof outputPart>;
export type Tool = z.infer<typeof tool>;
export type ToolChoice = z.infer<typeof toolChoice>;
