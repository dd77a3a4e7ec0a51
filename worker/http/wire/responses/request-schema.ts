/**
 * The body of POST /v1/responses: OpenAI's Responses API, as far as a request can be carried by any vendor.
 *
 * Sluice keeps no answers, so what refers to a kept one is refused, and so are tools that only OpenAI can
 * run; each refusal says what to send instead. Fields that nobody here knows pass through to the vendor.
 * What an earlier answer's items say about themselves (id, status, annotations, log probabilities, phase) asks for
 * nothing and is read over.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses/create
 */
import { z } from "zod";
import { unsealThinking } from "./sealed-thinking.ts";

/** As many as a chat request may have messages and tools. */
const MAX_ITEMS = 4_095;
const MAX_PARTS = 4_096;
const MAX_TOOLS = 512;

const SEND_ALL =
  "Sluice keeps no responses; send the whole conversation in `input` (with SDKs that refer to items: store: false)";
const INLINE_IMAGE = "Sluice keeps no files; send the picture's https: or data: URL as `image_url`";
const INLINE_FILE = "Sluice keeps no files; send the file itself as a data: URL in `file_data`";
const FUNCTIONS_ONLY =
  "only tools of type function can be carried out by every vendor; describe it as one";

/** A field that must not be there; null, which SDKs send for "not set", may. */
function refused(remedy: string) {
  return z.null({ error: remedy }).optional();
}

/** A closed set of `type`s, whose error names the one that was sent. */
function typeError(remedy: string) {
  return {
    error: ({ input }: { input?: unknown }) => `${nameOf(input)} is not supported: ${remedy}`,
  };
}

const MAX_NAME_LENGTH = 60;

function nameOf(input: unknown): string {
  const type = typeof input === "object" && input !== null && "type" in input ? input.type : input;
  return JSON.stringify(type)?.slice(0, MAX_NAME_LENGTH) ?? "nothing";
}

const inputPart = z.discriminatedUnion(
  "type",
  [
    z.looseObject({ type: z.literal("input_text"), text: z.string() }),
    z.looseObject({
      type: z.literal("input_image"),
      image_url: z.string({ error: INLINE_IMAGE }),
      detail: z.string().nullish(),
      file_id: refused(INLINE_IMAGE),
    }),
    z.looseObject({
      type: z.literal("input_file"),
      file_data: z.string({ error: INLINE_FILE }),
      filename: z.string().nullish(),
      file_id: refused(INLINE_FILE),
      file_url: refused(INLINE_FILE),
    }),
    z.looseObject({
      type: z.literal("input_audio"),
      input_audio: z.looseObject({ data: z.string(), format: z.string() }),
    }),
  ],
  typeError("send input_text, input_image, input_file or input_audio"),
);

const outputPart = z.discriminatedUnion(
  "type",
  [
    z.looseObject({ type: z.enum(["output_text", "input_text"]), text: z.string() }),
    z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
  ],
  typeError("an assistant's message has output_text and refusal"),
);

const givenMessage = z.looseObject({
  type: z.literal("message").optional(),
  role: z.enum(["user", "system", "developer"]),
  content: z.union([z.string(), z.array(inputPart).max(MAX_PARTS)]),
});

const answeredMessage = z.looseObject({
  type: z.literal("message").optional(),
  role: z.literal("assistant"),
  content: z.union([z.string(), z.array(outputPart).max(MAX_PARTS)]),
});

const functionCall = z.looseObject({
  type: z.literal("function_call"),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
  namespace: refused("only tools without a namespace can be called"),
});

const functionCallOutput = z.looseObject({
  type: z.literal("function_call_output"),
  call_id: z.string(),
  output: z.union([z.string(), z.array(inputPart).max(MAX_PARTS)]),
});

const reasoning = z.looseObject({
  type: z.literal("reasoning"),
  summary: z.array(z.looseObject({ text: z.string() })).max(MAX_PARTS),
  content: z
    .array(z.looseObject({ text: z.string() }))
    .max(MAX_PARTS)
    .nullish(),
  encrypted_content: z
    .string()
    .refine(
      (text) => unsealThinking(text) !== undefined,
      "was not made here and cannot be read; leave this reasoning item out",
    )
    .nullish(),
});

const inputItem = z.discriminatedUnion(
  "type",
  [
    z.discriminatedUnion("role", [givenMessage, answeredMessage]),
    functionCall,
    functionCallOutput,
    reasoning,
  ],
  {
    error: ({ input }) =>
      nameOf(input) === '"item_reference"'
        ? `An item_reference cannot be followed: ${SEND_ALL}`
        : `${nameOf(input)} is not supported: send message, function_call, function_call_output or reasoning`,
  },
);

const functionTool = z.looseObject({
  type: z.literal("function", typeError(FUNCTIONS_ONLY)),
  name: z.string(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const namedFunction = z.looseObject({
  type: z.literal("function", typeError(FUNCTIONS_ONLY)),
  name: z.string(),
});

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  namedFunction,
  z.looseObject({
    type: z.literal("allowed_tools"),
    mode: z.enum(["auto", "required"]),
    tools: z.array(namedFunction).max(MAX_TOOLS),
  }),
]);

const textFormat = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    name: z.string(),
    schema: z.record(z.string(), z.unknown()),
    description: z.string().nullish(),
    strict: z.boolean().nullish(),
  }),
]);

const bodySchema = z.looseObject({
  model: z.string().min(1).max(256),
  input: z.union(
    [
      z.string(),
      z
        .array(inputItem)
        .max(MAX_ITEMS)
        .refine((items) => items.some(({ type }) => type !== "reasoning"), "has no message"),
    ],
    { error: "send a text or a list of items" },
  ),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  /** Nothing is stored, whatever is asked; the answer says so. */
  store: z.boolean().nullish(),
  max_output_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  /** Parts of an answer: log probabilities are asked for by it, the rest comes unasked where there is any. */
  include: z.array(z.string()).max(64).nullish(),
  tools: z.array(functionTool).max(MAX_TOOLS).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.strictObject({ format: textFormat.nullish(), verbosity: z.string().nullish() }).nullish(),
  reasoning: z
    .strictObject({
      effort: z.string().nullish(),
      /** Of whatever kind: the thinking that a vendor shows comes as a summary. */
      summary: z.string().nullish(),
      generate_summary: z.string().nullish(),
    })
    .nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  service_tier: z.string().nullish(),
  sluice: z.unknown().optional(),
  stream_options: z
    .strictObject({
      include_obfuscation: z
        .literal(false, { error: "chunks go out as they are; leave it out" })
        .nullish(),
    })
    .nullish(),
  truncation: z
    .literal("disabled", { error: "nothing is cut from a conversation; shorten `input` yourself" })
    .nullish(),
  background: z.literal(false, { error: "answers are not kept; wait for this one" }).nullish(),
  previous_response_id: refused(SEND_ALL),
  conversation: refused(SEND_ALL),
  prompt: refused("Sluice keeps no prompts; send its text as `instructions` and `input`"),
  max_tool_calls: refused("it bounds OpenAI's built-in tools, and there are none here"),
  context_management: refused("nothing is compacted; shorten `input` yourself"),
  moderation: refused("answers are not moderated here; call a moderation model yourself"),
  modalities: refused("an answer is text; for audio use /v1/chat/completions"),
  audio: refused("an answer is text; for audio use /v1/chat/completions"),
  n: refused("a response is one answer; for several use /v1/chat/completions"),
  messages: refused("it is called `input` here"),
  functions: refused("they are called `tools` here"),
  response_format: refused("it is called `text.format` here"),
  reasoning_effort: refused("it is called `reasoning.effort` here"),
  verbosity: refused("it is called `text.verbosity` here"),
  max_tokens: refused("it is called `max_output_tokens` here"),
  max_completion_tokens: refused("it is called `max_output_tokens` here"),
  logprobs: refused('it is called `include: ["message.output_text.logprobs"]` here'),
});

export const responsesRequestSchema = bodySchema.refine(
  ({ tools, tool_choice: choice }) => {
    if (typeof choice !== "object" || choice?.type !== "allowed_tools") return true;
    const names = new Set(tools?.map(({ name }) => name));
    return choice.tools.length > 0 && choice.tools.every(({ name }) => names.has(name));
  },
  { path: ["tool_choice", "tools"], error: "allows a tool that is not among `tools`, or none" },
);

export type ResponsesRequest = z.infer<typeof responsesRequestSchema>;
export type InputItem = Exclude<ResponsesRequest["input"], string>[number];
export type InputPart = z.infer<typeof inputPart>;
