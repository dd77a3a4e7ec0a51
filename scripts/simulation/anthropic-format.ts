/**
 * Anthropic's Messages format, written out: the one message of a plain answer and the events of a streamed
 * one. A frame holds the events of one moment: the beginning up to the opening of the block that answers,
 * then a piece each, then what closes block and message.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
import { readMessagesRequest, signatureOf } from "./anthropic-request.ts";
import type { Billed, Choice, Completion } from "./completion.ts";
import type { Label, VendorFormat } from "./wire-format.ts";

type Event = Record<string, unknown> & { readonly type: string };

export const ANTHROPIC_FORMAT: VendorFormat = {
  read: readMessagesRequest,
  body: messageBody,
  frames: messageFrames,
  openingFrames: 1,
  frame: (event) => ("type" in event ? eventLines({ ...event, type: String(event.type) }) : ""),
  end: "",
  error: (status, message) => ({
    type: "error",
    error: { type: ERROR_TYPES[status] ?? "api_error", message },
  }),
};

/** Types that Anthropic sends with these statuses. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const STOP_REASONS = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
} as const;

/** Without a choice (a fault's doing) it has no content and no reason to stop. */
function messageBody({ choices: [choice], ...completion }: Completion, label: Label): object {
  return {
    ...emptyMessage(completion.id, label),
    content: choice && [...thoughtBlocks(completion.thinking), ...answerBlocks(choice)],
    stop_reason: choice ? STOP_REASONS[choice.finishReason] : null,
    usage: usageOf(completion.billed, completion.billed.completionTokens),
  };
}

function emptyMessage(id: string, { model }: Label): object {
  return {
    id: id.replace("chatcmpl-", "msg_"),
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
  };
}

function thoughtBlocks(thinking: string | undefined): object[] {
  if (thinking === undefined) return [];
  return [{ type: "thinking", thinking, signature: signatureOf(thinking) }];
}

function answerBlocks({ pieces, toolCalls }: Choice): object[] {
  if (toolCalls.length === 0) return [{ type: "text", text: pieces.join("") }];
  return toolCalls.map((call) => {
    const input: unknown = JSON.parse(call.pieces.join(""));
    return { type: "tool_use", id: call.id, name: call.name, input };
  });
}

function messageFrames(
  { id, choices: [choice], billed, thinking }: Completion,
  label: Label,
  hasUsage: boolean,
): string[] {
  const message = {
    ...emptyMessage(id, label),
    ...(hasUsage && { usage: usageOf(billed, 1) }),
  };
  const start = [{ type: "message_start", message }, { type: "ping" }];
  const stop = [{ type: "message_stop" }];
  if (choice === undefined) return [start, stop].map(framed);
  const thought = thinking === undefined ? [] : thoughtEvents(thinking);
  const blocks = blockEvents(choice, thought.length > 0 ? 1 : 0);
  const delta = {
    stop_reason: STOP_REASONS[choice.finishReason],
    stop_sequence: null,
    stop_details: null,
  };
  const usage = hasUsage ? { usage: usageOf(billed, billed.completionTokens) } : {};
  const [opening = [], ...rest] = piecewise([
    ...blocks,
    { type: "message_delta", delta, ...usage },
  ]);
  return [[...start, ...thought, ...opening], ...rest, stop].map(framed);
}

/** Each piece of the answer for itself, and what stands between two pieces together. */
function piecewise(events: readonly Event[]): Event[][] {
  const groups: Event[][] = [];
  for (const [at, event] of events.entries()) {
    const isPiece = event.type === "content_block_delta";
    const wasPiece = events[at - 1]?.type === "content_block_delta";
    if (at > 0 && !isPiece && !wasPiece) groups.at(-1)!.push(event);
    else groups.push([event]);
  }
  return groups;
}

/** The blocks of the answer one after another, from number `first` on. */
function blockEvents({ pieces: text, toolCalls }: Choice, first: number): Event[] {
  const blocks =
    toolCalls.length === 0
      ? [{ opened: { type: "text", text: "" }, deltas: text.map(textDelta) }]
      : toolCalls.map(({ id, name, pieces }) => ({
          opened: { type: "tool_use", id, name, input: {} },
          deltas: pieces.map(jsonDelta),
        }));
  return blocks.flatMap(({ opened, deltas }, i) => [
    { type: "content_block_start", index: first + i, content_block: opened },
    ...deltas.map((delta) => deltaEvent(first + i, delta)),
    { type: "content_block_stop", index: first + i },
  ]);
}

function textDelta(text: string): object {
  return { type: "text_delta", text };
}

function jsonDelta(json: string): object {
  return { type: "input_json_delta", partial_json: json };
}

function thoughtEvents(thinking: string): Event[] {
  const opened = { type: "thinking", thinking: "", signature: "" };
  return [
    { type: "content_block_start", index: 0, content_block: opened },
    deltaEvent(0, { type: "thinking_delta", thinking }),
    deltaEvent(0, { type: "signature_delta", signature: signatureOf(thinking) }),
    { type: "content_block_stop", index: 0 },
  ];
}

function deltaEvent(index: number, delta: object): Event {
  return { type: "content_block_delta", index, delta };
}

function framed(events: readonly Event[]): string {
  return events.map(eventLines).join("");
}

function eventLines(event: Event): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function usageOf(
  { promptTokens, cacheWriteTokens, reasoningTokens }: Billed,
  output: number,
): object {
  return {
    input_tokens: promptTokens - cacheWriteTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: 0,
    output_tokens: output,
    output_tokens_details: { thinking_tokens: Math.min(reasoningTokens, output) },
    service_tier: "standard",
  };
}
