/**
 * What Anthropic's answers say, in OpenAI's words: why one ended, what it used, and a whole message.
 *
 * OpenAI counts cached tokens among the prompt's, Anthropic beside them; so the prompt is the sum. Tokens
 * written to the cache cost more than fresh ones and have a count of their own, as OpenRouter names it.
 *
 * A message's blocks become one text, the calls, and the thinking twice: as text for whoever shows it, and
 * as the blocks that must go back unchanged. Blocks of other types (results of Anthropic's own tools) have
 * no place in OpenAI's format and are left out.
 *
 * Source: https://platform.claude.com/docs/en/api/messages
 */
import { countOf, isRecord } from "../../lib/json.ts";

type Fields = Record<string, unknown>;

const FINISH = new Map<unknown, string>([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
  ["model_context_window_exceeded", "length"],
  ["pause_turn", "length"], // Not finished either: the client would have to ask for the rest.
]);

/** OpenAI's finish_reason; "stop" for a reason that is not known yet. */
export function finishReasonOf(stopReason: unknown): string {
  return FINISH.get(stopReason) ?? "stop";
}

/** OpenAI's `usage`, or undefined where the counts are not there. */
export function usageOf(usage: unknown): Fields | undefined {
  if (!isRecord(usage)) return undefined;
  const fresh = countOf(usage["input_tokens"]);
  const output = countOf(usage["output_tokens"]);
  if (fresh === undefined || output === undefined) return undefined;
  const read = countOf(usage["cache_read_input_tokens"]) ?? 0;
  const written = countOf(usage["cache_creation_input_tokens"]) ?? 0;
  const { cache_creation: creation, output_tokens_details: details } = usage;
  const forHour = isRecord(creation) ? countOf(creation["ephemeral_1h_input_tokens"]) : undefined;
  const thought = isRecord(details) ? countOf(details["thinking_tokens"]) : undefined;
  const input = fresh + read + written;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: read,
      cache_write_tokens: written,
      ...(forHour !== undefined && { cache_write_1h_tokens: forHour }),
    },
    ...(thought !== undefined && { completion_tokens_details: { reasoning_tokens: thought } }),
  };
}

/** Whether a block is thinking, which goes back to Anthropic as it came. */
export function isThinking(block: Fields): boolean {
  return block["type"] === "thinking" || block["type"] === "redacted_thinking";
}

/** A whole message as OpenAI's completion. @param createdS Unix time in seconds. */
export function completionOf(message: Fields, createdS: number): Fields {
  const { id, model, content, stop_reason: stopReason, usage } = message;
  const blocks = Array.isArray(content) ? content.filter(isRecord) : [];
  const counted = usageOf(usage);
  return {
    id,
    object: "chat.completion",
    created: createdS,
    model,
    choices: [
      {
        index: 0,
        message: messageOf(blocks, message["stop_details"]),
        logprobs: null,
        finish_reason: finishReasonOf(stopReason),
      },
    ],
    ...(counted !== undefined && { usage: counted }),
  };
}

function messageOf(blocks: readonly Fields[], stopDetails: unknown): Fields {
  const texts = blocks.filter(({ type }) => type === "text").map(({ text }) => text);
  const calls = blocks.filter(({ type }) => type === "tool_use").map(callOf);
  const thinking = blocks.filter(isThinking);
  const thoughts = thinking
    .map((block) => block["thinking"])
    .filter((text) => typeof text === "string");
  const isSilent = texts.length === 0 && blocks.length > 0;
  return {
    role: "assistant",
    content: isSilent ? null : texts.join(""),
    refusal: refusalIn(stopDetails),
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join("") }),
    ...(thinking.length > 0 && { thinking_blocks: thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** The sentence in which Anthropic says why it declined, or null. */
export function refusalIn(stopDetails: unknown): string | null {
  const said = isRecord(stopDetails) ? stopDetails["explanation"] : undefined;
  return typeof said === "string" ? said : null;
}

function callOf({ id, name, input }: Fields): Fields {
  return { id, type: "function", function: { name, arguments: JSON.stringify(input ?? {}) } };
}
