/**
 * OpenAI's messages as Anthropic's system blocks and turns.
 *
 * Both formats tell the same conversation, cut differently. Instructions stand apart from the turns, so
 * every system or developer message goes there, later ones too, as in Anthropic's own layer for OpenAI's
 * format. Turns of one role are one turn; results of tools are parts of the user's. Empty texts, which
 * Anthropic refuses, say nothing and are left out.
 *
 * Thinking goes back exactly as it came, since its signature is checked; text of thinking alone
 * (`reasoning_content`) has none and cannot go back. A participant's `name` and a picture's `detail` have
 * no place here and only ever hinted. Everything else without a place is refused by name.
 *
 * Source: https://platform.claude.com/docs/en/api/messages
 */
import { z } from "zod";
import type { ChatMessage } from "../../domain/chat.ts";
import { RouterError } from "../../domain/errors.ts";
import { isRecord, jsonIn } from "../../lib/json.ts";

type Block = Record<string, unknown>;

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}

interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn[];
}

const toolCallSchema = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

/** What Anthropic has no words for. @param field The field at fault. @param remedy What to send instead. */
export function noWordsFor(field: string, what: string, remedy: string): RouterError {
  return new RouterError(
    "invalid_request_error",
    `Anthropic's API cannot take ${what} (${field}): ${remedy}`,
    { code: "unsupported_by_vendor", param: field, isRetryable: true },
  );
}

/** The whole conversation. Throws RouterError for a part that Anthropic has no words for. */
export function conversationOf(messages: readonly ChatMessage[]): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const blocks = markLast(blocksOf(message, `messages.${index}`), message["cache_control"]);
    if (message.role === "system" || message.role === "developer") system.push(...blocks);
    else addTo(turns, message.role === "assistant" ? "assistant" : "user", blocks);
  }
  if (turns.length === 0)
    throw noWordsFor("messages", "a conversation without turns", "add a user's message");
  return { system, messages: turns };
}

function addTo(turns: Turn[], role: Turn["role"], blocks: Block[]): void {
  if (blocks.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === role) last.content.push(...blocks);
  else turns.push({ role, content: blocks });
}

function blocksOf(message: ChatMessage, at: string): Block[] {
  const { role, content } = message;
  if (role === "assistant") return assistantBlocks(message, at);
  if (role === "tool") return [toolResult(message, at)];
  if (role === "function")
    throw noWordsFor(`${at}.role`, 'the role "function"', 'use tool calls and the role "tool"');
  const blocks = contentBlocks(content, at);
  if (role !== "user" && blocks.some(({ type }) => type !== "text"))
    throw noWordsFor(`${at}.content`, "instructions other than text", "let the user send them");
  return blocks;
}

function assistantBlocks(message: ChatMessage, at: string): Block[] {
  const { thinking_blocks: thinking, refusal, tool_calls: calls, ...legacy } = message;
  for (const field of ["function_call", "audio"])
    if (isGiven(legacy[field]))
      throw noWordsFor(`${at}.${field}`, `an assistant's ${field}`, "leave it out of the history");
  return [
    ...(Array.isArray(thinking) ? thinking.filter(isRecord) : []),
    ...contentBlocks(message.content, at),
    ...textBlock(refusal),
    ...(Array.isArray(calls) ? calls.map((call) => toolUse(call, `${at}.tool_calls`)) : []),
  ];
}

function toolUse(call: unknown, at: string): Block {
  const parsed = toolCallSchema.safeParse(call);
  if (!parsed.success)
    throw noWordsFor(at, "a call of this kind", "send id, function.name and function.arguments");
  const { id, function: fn } = parsed.data;
  return { type: "tool_use", id: idOf(id), name: fn.name, input: inputOf(fn.arguments, at) };
}

function inputOf(json: string, at: string): Block {
  if (json.trim() === "") return {};
  const input = jsonIn(json);
  if (isRecord(input)) return input;
  throw noWordsFor(`${at}.function.arguments`, "arguments that are no JSON object", "mend them");
}

function toolResult(message: ChatMessage, at: string): Block {
  const { tool_call_id: id, is_error: isError, content } = message;
  if (typeof id !== "string")
    throw noWordsFor(`${at}.tool_call_id`, "a result without its call", "name the call's id");
  const said = typeof content === "string" ? content : contentBlocks(content, at);
  return {
    type: "tool_result",
    tool_use_id: idOf(id),
    ...(said.length > 0 && { content: said }),
    ...(typeof isError === "boolean" && { is_error: isError }),
  };
}

/** Anthropic takes letters, digits, _ and - only; a call that another vendor made may be named otherwise. */
function idOf(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_");
}

function contentBlocks(content: ChatMessage["content"], at: string): Block[] {
  if (!Array.isArray(content)) return textBlock(content);
  return content.flatMap((part, index) =>
    markLast(partBlocks(part, `${at}.content.${index}`), part["cache_control"]),
  );
}

function textBlock(text: unknown): Block[] {
  return typeof text === "string" && text !== "" ? [{ type: "text", text }] : [];
}

function partBlocks(part: Block, at: string): Block[] {
  switch (part["type"]) {
    case "text":
      return textBlock(part["text"]);
    case "refusal":
      return textBlock(part["refusal"]);
    case "image_url":
      return [{ type: "image", source: imageSource(part["image_url"], at) }];
    case "file":
      return [documentOf(part["file"], at)];
    default:
      throw noWordsFor(at, `a part of type ${JSON.stringify(part["type"])}`, "send text or images");
  }
}

function imageSource(image: unknown, at: string): Block {
  const url = isRecord(image) ? image["url"] : image;
  if (typeof url === "string" && url.startsWith("https://")) return { type: "url", url };
  const inline = dataOf(url);
  if (inline === undefined)
    throw noWordsFor(at, "an image at this address", "use https: or a data: URL in base64");
  return { type: "base64", media_type: inline.mediaType, data: inline.base64 };
}

function documentOf(file: unknown, at: string): Block {
  const { file_data: data, filename: title }: Block = isRecord(file) ? file : {};
  const inline = dataOf(data);
  const text = inline?.mediaType === "text/plain" ? textIn(inline.base64) : undefined;
  if (inline === undefined || (text === undefined && inline.mediaType !== "application/pdf"))
    throw noWordsFor(
      at,
      "this file",
      "send a PDF or plain text as file_data, a data: URL in base64",
    );
  const source =
    text === undefined
      ? { type: "base64", media_type: inline.mediaType, data: inline.base64 }
      : { type: "text", media_type: inline.mediaType, data: text };
  return { type: "document", source, ...(typeof title === "string" && { title }) };
}

/** A data: URL taken apart, or undefined where it is none in base64. */
function dataOf(url: unknown): { mediaType: string; base64: string } | undefined {
  if (typeof url !== "string" || !url.startsWith("data:")) return undefined;
  const comma = url.indexOf(",");
  const [mediaType = "", ...parameters] = url.slice("data:".length, comma).split(";");
  if (comma === -1 || parameters.at(-1) !== "base64") return undefined;
  return { mediaType: mediaType.toLowerCase(), base64: url.slice(comma + 1) };
}

function textIn(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A mark on a whole message or part is a mark on the last block that became of it. */
function markLast(blocks: Block[], mark: unknown): Block[] {
  const last = blocks.at(-1);
  if (!isRecord(mark) || last === undefined) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: mark }];
}

/** Whether a field says anything: null is how some clients leave one out. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
