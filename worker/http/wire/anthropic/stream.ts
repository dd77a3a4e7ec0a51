/**
 * OpenAI's chunks → Anthropic's stream of events: `message_start`, blocks one after another
 * (content-blocks.ts), `message_delta` with the reason and the usage, `message_stop`.
 *
 * The meter's last chunk brings the usage and the receipt, so `message_delta` waits for the end and
 * carries both; the input tokens in `message_start` are the router's estimate, which clients replace by
 * what `message_delta` says. An error is one `error` event with nothing after it: what still comes from
 * the vendor is metered and not shown.
 *
 * Thinking comes in pieces (`reasoning_content`), and once more as a whole block when it is signed
 * (`thinking_blocks`); of the whole, only what was not yet sent goes out. Where one delta has both, the
 * block repeats the piece.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
import { isRecord } from "../../../lib/json.ts";
import type { SseEvent } from "../../../lib/sse.ts";
import {
  chunkUsageView,
  headOf,
  plainThinking,
  stopReasonOf,
  textIn,
  thinkingBlocks,
  type MessageFrame,
} from "./answer.ts";
import { BlockOrderError, ContentBlocks, type CallPiece, type Typed } from "./content-blocks.ts";
import { typeOfChunkError } from "./errors.ts";

interface StreamFrame extends MessageFrame {
  /** The estimate for `message_start`. */
  readonly inputTokens: number;
}

/** What one chunk of a stream is in Anthropic's format, asked for each in turn. One view per stream. */
export function messageEvents(frame: StreamFrame): (event: SseEvent) => readonly SseEvent[] {
  const stream = new MessageStream(frame);
  return ({ data }) =>
    stream.take(data).map((event) => ({ event: event.type, data: JSON.stringify(event) }));
}

class MessageStream {
  readonly #frame: StreamFrame;
  readonly #blocks: ContentBlocks;
  #hasBegun = false;
  #isOver = false;
  #finishReason: unknown;
  #usage: Record<string, unknown> = { output_tokens: 0 };
  #receipt: unknown;
  /** Thinking sent of a block that has not come as a whole yet. */
  #thought = "";

  constructor(frame: StreamFrame) {
    this.#frame = frame;
    const prefix = frame.requestId.replace(/^req_/, "toolu_");
    this.#blocks = new ContentBlocks((ordinal) => `${prefix}_${ordinal}`);
  }

  take(data: string): readonly Typed[] {
    if (this.#isOver) return [];
    if (data === "[DONE]") return this.#finish();
    const chunk: unknown = JSON.parse(data); // The meter lets nothing else pass.
    if (!isRecord(chunk)) return [];
    if (isRecord(chunk["error"])) return this.#fail(chunk["error"]);
    const opening = this.#open(chunk);
    try {
      this.#read(chunk);
    } catch (error) {
      if (!(error instanceof BlockOrderError)) throw error;
      return [...opening, ...this.#fail({ message: error.message, code: "upstream_malformed" })];
    }
    return [...opening, ...this.#blocks.drain()];
  }

  #open(chunk: Record<string, unknown>): readonly Typed[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    const message = {
      ...headOf(chunk, this.#frame),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: this.#frame.inputTokens,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
      },
    };
    return [{ type: "message_start", message }];
  }

  #read(chunk: Record<string, unknown>): void {
    this.#usage = chunkUsageView(chunk["usage"]) ?? this.#usage;
    this.#receipt = chunk["sluice"] ?? this.#receipt;
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"].filter(isRecord) : [];
    for (const { index = 0, delta, finish_reason: reason } of choices) {
      if (index !== 0) continue; // Nobody asked for a second answer.
      if (isRecord(delta)) this.#readDelta(delta);
      if (!reason) continue;
      this.#finishReason = reason;
      this.#blocks.end();
    }
  }

  #readDelta(delta: Record<string, unknown>): void {
    this.#readThinking(delta);
    for (const text of [textIn(delta["content"]), textIn(delta["refusal"])])
      if (text !== "") this.#blocks.text(text);
    const calls = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"].filter(isRecord) : [];
    for (const call of calls) this.#blocks.call(pieceOf(call));
  }

  #readThinking(delta: Record<string, unknown>): void {
    const blocks = thinkingBlocks(delta);
    const piece = plainThinking(delta);
    if (this.#frame.showsThinking || blocks.length > 0) this.#think(piece);
    for (const block of blocks) {
      const whole = textIn(block["thinking"]);
      const signature = textIn(block["signature"]);
      if (block["type"] === "redacted_thinking") this.#blocks.redacted(textIn(block["data"]));
      else if (piece === "")
        this.#think(whole.startsWith(this.#thought) ? whole.slice(this.#thought.length) : whole);
      if (signature !== "") this.#blocks.signature(signature);
      if (signature !== "" || piece === "") this.#thought = "";
    }
  }

  #think(thinking: string): void {
    if (thinking === "") return;
    this.#thought += thinking;
    this.#blocks.thinking(thinking);
  }

  #finish(): readonly Typed[] {
    this.#isOver = true;
    this.#blocks.end();
    const reason = stopReasonOf(this.#finishReason, this.#blocks.hasCalls);
    return [
      ...this.#blocks.drain(),
      {
        type: "message_delta",
        delta: { stop_reason: reason, stop_sequence: null },
        usage: this.#usage,
        ...(this.#receipt !== undefined && { sluice: this.#receipt }),
      },
      { type: "message_stop" },
    ];
  }

  #fail(error: Record<string, unknown>): readonly Typed[] {
    this.#isOver = true;
    return [
      ...this.#blocks.drain(),
      {
        type: "error",
        error: {
          type: typeOfChunkError(error["type"]),
          message: textIn(error["message"]),
          code: error["code"],
        },
        request_id: this.#frame.requestId,
      },
    ];
  }
}

function pieceOf(call: Record<string, unknown>): CallPiece {
  const called = isRecord(call["function"]) ? call["function"] : {};
  const { index } = call;
  return {
    index: typeof index === "number" ? index : undefined,
    id: textIn(call["id"]),
    name: textIn(called["name"]),
    arguments: textIn(called["arguments"]),
  };
}
