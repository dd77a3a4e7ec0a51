/**
 * What the simulated vendor reads of a request to Anthropic's Messages API: checks it as strictly as
 * Anthropic does and says it in OpenAI's words, in which answers are made up. A field that Anthropic does
 * not know, an empty text, a call without its result, a thought that was altered are each a 400 here.
 *
 * Source: https://platform.claude.com/docs/en/api/messages
 */
import { z } from "zod";
import { hashText } from "../../worker/lib/prng.ts";
import { readVendorRequest, type Refusal, type VendorRequest } from "./vendor-request.ts";

const mark = z.strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).optional() });
const marked = { cache_control: mark.nullish() };
const text = z.strictObject({ type: z.literal("text"), text: z.string().min(1), ...marked });
const image = z.strictObject({
  type: z.literal("image"),
  source: z.union([
    z.strictObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
    z.strictObject({ type: z.literal("url"), url: z.url({ protocol: /^https$/ }) }),
  ]),
  ...marked,
});
const document = z.looseObject({ type: z.literal("document"), ...marked });
const toolResult = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.union([text, image, document]))]).optional(),
  is_error: z.boolean().optional(),
  ...marked,
});
const toolUse = z.strictObject({
  type: z.literal("tool_use"),
  id: z.string().regex(/^[\w-]+$/),
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  ...marked,
});
const thought = z
  .strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() })
  .refine((block) => block.signature === signatureOf(block.thinking), "was altered");
const redacted = z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() });
const block = z.union([text, image, document, toolResult, toolUse, thought, redacted]);

const messagesRequest = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().positive(),
  system: z.union([z.string(), z.array(text)]).optional(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(["user", "assistant"]),
        content: z.union([z.string().min(1), z.array(block).min(1)]),
      }),
    )
    .min(1)
    .refine(([first]) => first?.role === "user", "must begin with the user"),
  stream: z.boolean().optional(),
  tools: z
    .array(z.looseObject({ name: z.string(), input_schema: z.looseObject({}).optional() }))
    .optional(),
  tool_choice: z
    .strictObject({
      type: z.enum(["auto", "any", "none", "tool"]),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  stop_sequences: z.array(z.string().regex(/\S/)).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().positive().optional(),
  metadata: z.strictObject({ user_id: z.string() }).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  thinking: z.looseObject({ type: z.enum(["adaptive", "enabled", "disabled"]) }).optional(),
  output_config: z
    .strictObject({
      effort: z.enum(["low", "medium", "high", "xhigh", "max"]).optional(),
      format: z
        .strictObject({ type: z.literal("json_schema"), schema: z.looseObject({}) })
        .optional(),
    })
    .optional(),
  cache_control: mark.optional(),
});

type MessagesRequest = z.infer<typeof messagesRequest>;
type Block = z.infer<typeof block>;
type Fields = Record<string, unknown>;

/** What stands for Anthropic's signature of a thought. */
export function signatureOf(thinking: string): string {
  return `sim-${hashText(thinking).toString(36)}`;
}

/** The request in OpenAI's words, or why it is refused. Never throws. */
export function readMessagesRequest(json: unknown): VendorRequest | Refusal {
  const parsed = messagesRequest.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = issue?.path.join(".") || null;
    return { message: `${param ?? "body"}: ${issue?.message ?? "refused"}`, param };
  }
  return unanswered(parsed.data) ?? readVendorRequest(inOpenAiWords(parsed.data));
}

/** Every call must have its result in the very next turn. */
function unanswered({ messages }: MessagesRequest): Refusal | undefined {
  for (const [index, { content }] of messages.entries()) {
    const results = blocksOf(messages[index + 1]?.content ?? []);
    for (const call of blocksOf(content)) {
      if (call.type !== "tool_use") continue;
      if (results.some((each) => each.type === "tool_result" && each.tool_use_id === call.id))
        continue;
      return { message: `messages.${index}: ${call.id} has no tool_result`, param: "messages" };
    }
  }
  return undefined;
}

function blocksOf(content: string | readonly Block[]): readonly Block[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function inOpenAiWords(request: MessagesRequest): Fields {
  const { system = [], thinking, output_config: config, tool_choice: choice } = request;
  const instructions = blocksOf(system);
  const format = config?.format;
  return {
    model: request.model,
    messages: [
      ...(instructions.length > 0 ? [messageOf("system", instructions)] : []),
      ...request.messages.flatMap(({ role, content }) => turnOf(role, blocksOf(content))),
    ],
    stream: request.stream,
    stream_options: { include_usage: true },
    max_tokens: request.max_tokens,
    stop: request.stop_sequences,
    tools: request.tools?.filter((tool) => tool.input_schema !== undefined).map(toolOf),
    tool_choice: choice && choiceOf(choice),
    response_format: format && { type: "json_schema", json_schema: { schema: format.schema } },
    shows_thinking: thinking !== undefined && thinking.type !== "disabled",
  };
}

/** The results of a turn come before what else the user says, each as a message of its own. */
function turnOf(role: "user" | "assistant", blocks: readonly Block[]): Fields[] {
  const results = blocks.filter((each) => each.type === "tool_result");
  const rest = blocks.filter((each) => each.type !== "tool_result");
  return [
    ...results.map((each) => ({
      ...messageOf("tool", blocksOf(each.content ?? "")),
      is_cached: isMarked([each]),
    })),
    ...(rest.length > 0 ? [messageOf(role, rest)] : []),
  ];
}

function messageOf(role: string, blocks: readonly Block[]): Fields {
  const content = blocks.flatMap((each): Fields[] => {
    if (each.type === "text") return [{ type: "text", text: each.text }];
    return each.type === "image" ? [{ type: "image_url" }] : [];
  });
  return { role, content, is_cached: isMarked(blocks) };
}

function isMarked(blocks: readonly Block[]): boolean {
  return blocks.some((each) => "cache_control" in each && Boolean(each.cache_control));
}

function toolOf({ name, description, input_schema: parameters }: Fields): Fields {
  return { type: "function", function: { name, description, parameters } };
}

function choiceOf({ type, name }: { type: string; name?: string | undefined }): unknown {
  if (type === "tool") return { type: "function", function: { name } };
  return type === "any" ? "required" : type;
}
