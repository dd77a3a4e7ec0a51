/**
 * Anthropic's turns → OpenAI's messages.
 *
 * One turn may be several messages: results of tools are blocks of a user's turn there and messages of
 * their own here, before the rest of the turn. OpenAI's tool messages hold text only, so a result's
 * pictures and files follow in the user's message, named after the call. An assistant's turn is one
 * message, whatever the order of its blocks was: thinking, text, calls.
 *
 * `cache_control`, `thinking_blocks` and `is_error` have no place in OpenAI's format and travel as
 * extension fields. Thinking without a signature did not come from Anthropic and is nothing to give back
 * there: it is `reasoning_content` alone. A block that no other vendor could read is refused.
 */
import { z } from "zod";
import type { ChatMessage } from "../../../domain/chat.ts";
import { RouterError } from "../../../domain/errors.ts";
import { readBody } from "../json-body.ts";
import { cacheControlSchema, type RawContent } from "./request-schema.ts";

type Part = Record<string, unknown> & { readonly type: string };
type Block = Exclude<RawContent, string>[number];

interface Turn {
  readonly role: "user" | "assistant" | "system";
  readonly content: RawContent;
}

/** The messages that one turn stands for. @param at Its path in the body. Throws RouterError 400. */
export function messagesOfTurn({ role, content }: Turn, at: string): ChatMessage[] {
  if (role === "system") return [{ role, content: systemContent(content, at) }];
  if (typeof content === "string") return [{ role, content }];
  const placed = content.map((block, i) => ({ block, at: `${at}.content[${i}]` }));
  return role === "user" ? userMessages(placed) : [assistantMessage(placed)];
}

/** A system prompt: text blocks only. @param at The path of what holds it. Throws RouterError 400. */
export function systemContent(content: RawContent, at: string): ChatMessage["content"] {
  if (typeof content === "string") return content;
  const path = at === "system" ? at : `${at}.content`;
  return contentOf(content.map((block, i) => textPart(block, `${path}[${i}]`)));
}

interface PlacedBlock {
  readonly block: Block;
  readonly at: string;
}

const toolResult = z.strictObject({
  type: z.string(),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
  is_error: z.boolean().nullish(),
  cache_control: cacheControlSchema,
});

function userMessages(blocks: readonly PlacedBlock[]): ChatMessage[] {
  const results: ChatMessage[] = [];
  const attached: Part[] = [];
  const own: Part[] = [];
  for (const { block, at } of blocks) {
    if (block.type !== "tool_result") {
      own.push(...userParts(block, at));
      continue;
    }
    const result = readBody(toolResult, block, at);
    const { tool_use_id: id, content } = result;
    const parts =
      typeof content === "string"
        ? [{ type: "text", text: content }]
        : (content ?? []).flatMap((part, i) => userParts(part, `${at}.content[${i}]`));
    const others = parts.filter(({ type }) => type !== "text");
    if (others.length > 0) attached.push({ type: "text", text: `Of tool call ${id}:` }, ...others);
    results.push({
      role: "tool",
      tool_call_id: id,
      content: contentOf(parts.filter(({ type }) => type === "text")) ?? "",
      ...(result.is_error === true && { is_error: true }),
      ...cacheOf(result),
    });
  }
  const content = contentOf([...attached, ...own]);
  return content === null ? results : [...results, { role: "user", content }];
}

const thinking = z.strictObject({ type: z.string(), thinking: z.string(), signature: z.string() });
const redactedThinking = z.strictObject({ type: z.string(), data: z.string() });
const toolUse = z.strictObject({
  type: z.string(),
  id: z.string(),
  name: z.string(),
  input: z.unknown(),
  cache_control: cacheControlSchema,
  caller: z.strictObject({ type: z.literal("direct") }).nullish(),
  toolset_name: z.null().optional(),
});

function assistantMessage(blocks: readonly PlacedBlock[]): ChatMessage {
  const texts: Part[] = [];
  const thoughts: string[] = [];
  const signed: Record<string, unknown>[] = [];
  const calls: Record<string, unknown>[] = [];
  let cache = {};
  for (const { block, at } of blocks) {
    if (block.type === "thinking") {
      const thought = readBody(thinking, block, at);
      thoughts.push(thought.thinking);
      if (thought.signature !== "") signed.push(thought);
    } else if (block.type === "redacted_thinking")
      signed.push(readBody(redactedThinking, block, at));
    else if (block.type === "tool_use") {
      const use = readBody(toolUse, block, at);
      calls.push(toolCall(use));
      cache = cacheOf(use); // Of the calls only the last can carry it, as the message's.
    } else texts.push(textPart(block, at));
  }
  return {
    role: "assistant",
    content: contentOf(texts),
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join("\n\n") }),
    ...(signed.length > 0 && { thinking_blocks: signed }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...cache,
  };
}

function toolCall(use: z.infer<typeof toolUse>): Record<string, unknown> {
  const { id, name, input } = use;
  const json = typeof input === "string" ? input : JSON.stringify(input ?? {});
  return { id, type: "function", function: { name, arguments: json } };
}

const text = z.strictObject({
  type: z.string(),
  text: z.string(),
  cache_control: cacheControlSchema,
  citations: z.union([z.null(), z.array(z.never())]).optional(),
});

function textPart(block: Block, at: string): Part {
  if (block.type !== "text") throw unreadable(block.type, at);
  const read = readBody(text, block, at);
  return { type: "text", text: read.text, ...cacheOf(read) };
}

function userParts(block: Block, at: string): Part[] {
  if (block.type === "image") return [imagePart(block, at)];
  if (block.type === "document") return documentParts(block, at);
  return [textPart(block, at)];
}

const base64Source = z.strictObject({
  type: z.literal("base64"),
  media_type: z.string(),
  data: z.string(),
});
const urlSource = z.strictObject({ type: z.literal("url"), url: z.string() });
const image = z.strictObject({
  type: z.string(),
  source: z.discriminatedUnion("type", [base64Source, urlSource], {
    error: "must be base64 or url: files that lie at one vendor are not at the others",
  }),
  cache_control: cacheControlSchema,
});

function imagePart(block: Block, at: string): Part {
  const read = readBody(image, block, at);
  const { source } = read;
  const url = source.type === "url" ? source.url : dataUrl(source);
  return { type: "image_url", image_url: { url }, ...cacheOf(read) };
}

const document = z.strictObject({
  type: z.string(),
  source: z.discriminatedUnion(
    "type",
    [
      base64Source,
      z.strictObject({ type: z.literal("text"), media_type: z.string(), data: z.string() }),
      z.strictObject({
        type: z.literal("content"),
        content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
      }),
    ],
    { error: "must be base64, text or content: other vendors fetch no documents by themselves" },
  ),
  title: z.string().nullish(),
  context: z.string().nullish(),
  citations: z
    .strictObject({ enabled: z.literal(false, "must be false: only Anthropic cites").optional() })
    .nullish(),
  cache_control: cacheControlSchema,
});

/** What a document says in text is text; a PDF is a file. Title and context go before it, as at Anthropic. */
function documentParts(block: Block, at: string): Part[] {
  const read = readBody(document, block, at);
  const { source, title, context } = read;
  const head = [source.type === "base64" ? "" : title, context].filter(Boolean).join("\n");
  const parts: Part[] = head === "" ? [] : [{ type: "text", text: head }];
  if (source.type === "base64")
    parts.push({
      type: "file",
      file: { filename: title || "document.pdf", file_data: dataUrl(source) },
    });
  else if (source.type === "text") parts.push({ type: "text", text: source.data });
  else if (typeof source.content === "string") parts.push({ type: "text", text: source.content });
  else parts.push(...source.content.flatMap((b, i) => userParts(b, `${at}.source.content[${i}]`)));
  const last = parts.pop();
  return last === undefined ? [] : [...parts, { ...last, ...cacheOf(read) }];
}

function dataUrl({ media_type: type, data }: z.infer<typeof base64Source>): string {
  return `data:${type};base64,${data}`;
}

function cacheOf({ cache_control: hint }: { cache_control?: unknown }): {
  cache_control?: unknown;
} {
  return hint === undefined || hint === null ? {} : { cache_control: hint };
}

/** One plain text is a string, which every vendor takes; nothing at all is null. */
function contentOf(parts: readonly Part[]): Exclude<ChatMessage["content"], undefined> {
  const [first] = parts;
  if (first === undefined) return null;
  const isPlain = parts.length === 1 && first.type === "text" && !("cache_control" in first);
  return isPlain && typeof first["text"] === "string" ? first["text"] : [...parts];
}

function unreadable(type: string, at: string): RouterError {
  return new RouterError(
    "invalid_request_error",
    `${at}.type: a block of type ${JSON.stringify(type.slice(0, 60))} cannot stand here, or means ` +
      "something at Anthropic only; send text, image, document, tool_use, tool_result or thinking",
    { code: "invalid_body", param: `${at}.type` },
  );
}
