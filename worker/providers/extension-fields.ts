/**
 * Takes out of a chat request what OpenAI's format has no field for and a vendor would refuse.
 *
 * Inside the Worker some of Anthropic's own travels in extension fields (ARCHITECTURE.md). Elsewhere each
 * of them is one of three things. A hint, which changes no answer: `cache_control`. Something that only
 * its maker can read: signed blocks of thinking, and at some vendors any earlier thought. Or something
 * that can be said in OpenAI's words: a wish to think is `reasoning_effort`, and the result of a tool that
 * failed says so in its text. The registry names the vendors that know such a field themselves.
 *
 * Sources: https://platform.claude.com/docs/en/build-with-claude/extended-thinking,
 * https://api-docs.deepseek.com/guides/thinking_mode
 */
import type { ChatMessage, ChatRequest } from "../domain/chat.ts";
import { isRecord } from "../lib/json.ts";

/** A field that OpenAI does not have and some vendor with its format does. */
export type ExtensionField = "cache_control" | "reasoning_content" | "thinking";

type Known = ReadonlySet<ExtensionField>;

/** The same request in OpenAI's own words, but for the fields that the vendor knows. */
export function withoutExtensions(
  request: ChatRequest,
  fields: readonly ExtensionField[],
): ChatRequest {
  const known: Known = new Set(fields);
  const { thinking, ...rest } = request;
  const plain = withoutCache(rest, known);
  return {
    ...plain,
    ...(known.has("thinking") && thinking !== undefined && { thinking }),
    ...(!known.has("thinking") && effortOf(request)),
    messages: plain.messages.map((message) => plainMessage(message, known)),
    ...(plain.tools && { tools: plain.tools.map((tool) => withoutCache(tool, known)) }),
  };
}

/** Tokens of thinking up to which the effort is called low, and medium. */
const LOW_BUDGET = 4_096;
const MEDIUM_BUDGET = 16_384;

/** The effort that a budget for thinking stands for, where the request names none. */
function effortOf({ thinking, reasoning_effort: asked }: ChatRequest): Record<string, unknown> {
  const budget = isRecord(thinking) ? thinking["budget_tokens"] : undefined;
  if (typeof budget !== "number" || (asked !== undefined && asked !== null)) return {};
  const effort = budget <= LOW_BUDGET ? "low" : budget <= MEDIUM_BUDGET ? "medium" : "high";
  return { reasoning_effort: effort };
}

function plainMessage(message: ChatMessage, known: Known): ChatMessage {
  const { thinking_blocks: _, reasoning_content: thought, is_error: isError, ...rest } = message;
  const plain = withoutCache(rest, known);
  const { content } = plain;
  const parts = Array.isArray(content) ? content.map((part) => withoutCache(part, known)) : content;
  return {
    ...plain,
    ...(parts !== undefined && { content: isError === true ? failed(parts) : parts }),
    ...(known.has("reasoning_content") && thought !== undefined && { reasoning_content: thought }),
  };
}

function failed(content: ChatMessage["content"]): ChatMessage["content"] {
  const said = "The tool failed: ";
  return Array.isArray(content)
    ? [{ type: "text", text: said }, ...content]
    : `${said}${content ?? ""}`;
}

function withoutCache<T extends Record<string, unknown>>(holder: T, known: Known): T {
  if (known.has("cache_control") || !("cache_control" in holder)) return holder;
  const copy = { ...holder };
  delete copy["cache_control"];
  return copy;
}
