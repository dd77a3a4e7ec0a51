/**
 * What a whole answer and a streamed one have in common, and the whole one: OpenAI's completion →
 * Anthropic's message.
 *
 * Which stop sequence ended an answer is not said in OpenAI's format, so `stop_sequence` is null and the
 * reason `end_turn`. Thinking that the vendor signed is always shown, since it has to come back as it
 * was; unsigned thinking only to a client that asked for thinking, because others read the first block as
 * the answer.
 *
 * Source: https://platform.claude.com/docs/en/api/messages/create
 */
import { isRecord } from "../../../lib/json.ts";
import { readUsage, type TokenCounts } from "../../../pipeline/usage.ts";

/** What the answer's frame says beside the vendor's words. */
export interface MessageFrame {
  /** The request's id, from which a message has its own where the vendor gave none of that form. */
  readonly requestId: string;
  /** The model's name where the vendor did not give one. */
  readonly model: string;
  readonly showsThinking: boolean;
}

/** `msg_…` and the model's name, of a completion or of a stream's first chunk. */
export function headOf(body: Record<string, unknown>, { requestId, model }: MessageFrame) {
  const { id, model: said } = body;
  return {
    id: typeof id === "string" && id.startsWith("msg_") ? id : requestId.replace(/^req_/, "msg_"),
    type: "message",
    role: "assistant",
    model: typeof said === "string" && said !== "" ? said : model,
  };
}

/** Anthropic's word for why an answer ended. @param hasCalls Whether it holds calls of tools. */
export function stopReasonOf(finishReason: unknown, hasCalls: boolean): string {
  if (finishReason === "length") return "max_tokens";
  if (finishReason === "content_filter") return "refusal";
  return hasCalls ? "tool_use" : "end_turn";
}

/** Anthropic's usage: input is what was neither read from a cache nor written to one. */
export function usageView(counts: TokenCounts, reported: unknown) {
  const { cacheWriteInput: written = 0, cacheWriteHourInput: forHour = 0 } = counts;
  const thought = isRecord(reported) && reported["completion_tokens_details"];
  const thinking = isRecord(thought) ? thought["reasoning_tokens"] : undefined;
  return {
    input_tokens: Math.max(counts.input - counts.cachedInput - written, 0),
    cache_creation_input_tokens: written,
    ...(forHour > 0 && {
      cache_creation: {
        ephemeral_5m_input_tokens: written - forHour,
        ephemeral_1h_input_tokens: forHour,
      },
    }),
    cache_read_input_tokens: counts.cachedInput,
    output_tokens: counts.output,
    ...(typeof thinking === "number" && { output_tokens_details: { thinking_tokens: thinking } }),
  };
}

/** The same of a chunk's `usage`, or undefined when it is none. */
export function chunkUsageView(reported: unknown) {
  const counts = readUsage(reported);
  return counts && usageView(counts, reported);
}

/** The thinking in a `message` or `delta` that has no blocks of it, under either of its two names. */
export function plainThinking(said: Record<string, unknown>): string {
  const thought = said["reasoning_content"] ?? said["reasoning"];
  return typeof thought === "string" ? thought : "";
}

/** The blocks of thinking in a `message` or `delta`. */
export function thinkingBlocks(said: Record<string, unknown>): readonly Record<string, unknown>[] {
  const blocks = said["thinking_blocks"];
  return Array.isArray(blocks) ? blocks.filter(isRecord) : [];
}

/** A string, or none. */
export function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The message that a vendor's completion is. @param counts What the answer used. */
export function messageView(
  body: Record<string, unknown>,
  counts: TokenCounts,
  frame: MessageFrame,
) {
  const first: unknown = Array.isArray(body["choices"]) ? body["choices"][0] : undefined;
  const choice = isRecord(first) ? first : {};
  const said = isRecord(choice["message"]) ? choice["message"] : {};
  const calls = Array.isArray(said["tool_calls"]) ? said["tool_calls"].filter(isRecord) : [];
  const texts = [textIn(said["content"]), textIn(said["refusal"])].filter((text) => text !== "");
  return {
    ...headOf(body, frame),
    content: [
      ...thinkingOf(said, frame),
      ...texts.map((text) => ({ type: "text", text })),
      ...calls.map((call, i) =>
        toolUseOf(call, `${frame.requestId.replace(/^req_/, "toolu_")}_${i}`),
      ),
    ],
    stop_reason: stopReasonOf(choice["finish_reason"], calls.length > 0),
    stop_sequence: null,
    usage: usageView(counts, body["usage"]),
  };
}

function thinkingOf(said: Record<string, unknown>, { showsThinking }: MessageFrame) {
  const blocks = thinkingBlocks(said).map((block) =>
    block["type"] === "redacted_thinking"
      ? { type: "redacted_thinking", data: textIn(block["data"]) }
      : {
          type: "thinking",
          thinking: textIn(block["thinking"]),
          signature: textIn(block["signature"]),
        },
  );
  const plain = plainThinking(said);
  if (blocks.length > 0 || plain === "" || !showsThinking) return blocks;
  return [{ type: "thinking", thinking: plain, signature: "" }];
}

/** @param madeId The call's id where the vendor gave none. */
function toolUseOf(call: Record<string, unknown>, madeId: string) {
  const called = isRecord(call["function"]) ? call["function"] : {};
  return {
    type: "tool_use",
    id: textIn(call["id"]) || madeId,
    name: textIn(called["name"]),
    input: inputOf(textIn(called["arguments"])),
  };
}

/** The arguments as an object; what was cut off by the length limit is no JSON and stays text. */
function inputOf(json: string): unknown {
  if (json.trim() === "") return {};
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
