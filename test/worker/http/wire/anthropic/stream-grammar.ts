/**
 * Anthropic's stream as a grammar, written down independently of what makes such streams, and the answer
 * that a client of it ends up with.
 *
 *     stream  = message_start block* ( message_delta message_stop | error ), an error also within a block
 *     block   = content_block_start(index) content_block_delta(index)* content_block_stop(index)
 *
 * Indices count from 0 without gaps. A text block takes text_delta, one of thinking takes thinking_delta
 * and then at most one signature_delta, a call takes input_json_delta; redacted thinking takes nothing.
 */
import { z } from "zod";
import type { SseEvent } from "../../../../../worker/lib/sse.ts";

const opening = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.literal("") }),
  z.strictObject({
    type: z.literal("thinking"),
    thinking: z.literal(""),
    signature: z.literal(""),
  }),
  z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.strictObject({
    type: z.literal("tool_use"),
    id: z.string().min(1),
    name: z.string(),
    input: z.strictObject({}),
  }),
]);

const delta = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text_delta"), text: z.string() }),
  z.strictObject({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.strictObject({ type: z.literal("signature_delta"), signature: z.string().min(1) }),
  z.strictObject({ type: z.literal("input_json_delta"), partial_json: z.string() }),
]);

const index = z.int().nonnegative();
const event = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("message_start"), message: z.record(z.string(), z.unknown()) }),
  z.strictObject({ type: z.literal("content_block_start"), index, content_block: opening }),
  z.strictObject({ type: z.literal("content_block_delta"), index, delta }),
  z.strictObject({ type: z.literal("content_block_stop"), index }),
  z.looseObject({
    type: z.literal("message_delta"),
    delta: z.strictObject({ stop_reason: z.string(), stop_sequence: z.null() }),
    usage: z.looseObject({ output_tokens: index }),
  }),
  z.strictObject({ type: z.literal("message_stop") }),
  z.looseObject({ type: z.literal("error") }),
]);

type Event = z.infer<typeof event>;
type Delta = z.infer<typeof delta>;

/** Which block takes which delta. */
const HOME = {
  text_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "thinking",
  input_json_delta: "tool_use",
} as const;

/** One finished block, its pieces joined. */
interface ReadBlock {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly data?: string;
  /** Text, thinking, or the JSON of a call's arguments. */
  body: string;
  signature: string;
}

export interface ReadStream {
  readonly blocks: readonly ReadBlock[];
  readonly message: Record<string, unknown> | undefined;
  /** The message_delta event, where the stream is whole. */
  readonly end: Record<string, unknown> | undefined;
  readonly error: Record<string, unknown> | undefined;
}

/** Reads a whole stream. Throws an Error that says where it is not lawful. */
export function readLawfully(events: readonly SseEvent[]): ReadStream {
  const reader = new Reader();
  for (const { event: name, data } of events) {
    const read = event.parse(JSON.parse(data));
    if (read.type !== name) throw new Error(`${name} is named ${read.type}`);
    reader.take(read);
  }
  return reader.finish();
}

class Reader {
  readonly #blocks: ReadBlock[] = [];
  #message: Record<string, unknown> | undefined;
  #isBlockOpen = false;
  #end: Record<string, unknown> | undefined;
  #isOver = false;
  #error: Record<string, unknown> | undefined;

  take(read: Event): void {
    if (this.#isOver) throw new Error(`${read.type} after the end`);
    if (read.type === "error") {
      this.#error = read;
      this.#isOver = true;
    } else if ((this.#message === undefined) !== (read.type === "message_start"))
      throw new Error(`${read.type} out of turn`);
    else if ((this.#end !== undefined) !== (read.type === "message_stop"))
      throw new Error(`${read.type} out of turn`);
    else if (read.type === "message_start") this.#message = read.message;
    else if (read.type === "message_stop") this.#isOver = true;
    else this.#takeWithin(read);
  }

  finish(): ReadStream {
    if (!this.#isOver) throw new Error("no end");
    return { blocks: this.#blocks, message: this.#message, end: this.#end, error: this.#error };
  }

  #takeWithin(read: Exclude<Event, { type: "message_start" | "message_stop" | "error" }>): void {
    const isInside = read.type === "content_block_delta" || read.type === "content_block_stop";
    if (isInside !== this.#isBlockOpen) throw new Error(`${read.type} out of turn`);
    if (read.type === "message_delta") {
      this.#end = read;
      return;
    }
    const due = this.#blocks.length - (isInside ? 1 : 0);
    if (read.index !== due) throw new Error(`index ${read.index}, not ${due}`);
    this.#isBlockOpen = read.type !== "content_block_stop";
    if (read.type === "content_block_start")
      this.#blocks.push({ ...read.content_block, body: "", signature: "" });
    else if (read.type === "content_block_delta") fill(this.#blocks[due]!, read.delta);
  }
}

function fill(block: ReadBlock, piece: Delta): void {
  if (HOME[piece.type] !== block.type) throw new Error(`${piece.type} in a ${block.type}`);
  if (block.signature !== "") throw new Error("more of a block that was signed");
  if (piece.type === "text_delta") block.body += piece.text;
  else if (piece.type === "thinking_delta") block.body += piece.thinking;
  else if (piece.type === "input_json_delta") block.body += piece.partial_json;
  else block.signature = piece.signature;
}
