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
import type { SseEvent } from "../../../../../worker/lib/sse.ts";
import { parseObject } from "../../../fixture/vendor.ts";

/** One finished block, its pieces joined. */
export interface ReadBlock {
  readonly type: string;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly data?: unknown;
  /** Text, thinking, or the JSON of a call's arguments. */
  body: string;
  signature: string;
}

export interface ReadStream {
  readonly blocks: ReadBlock[];
  readonly message: Record<string, unknown>;
  /** The message_delta event, where the stream is whole. */
  readonly end: Record<string, unknown> | undefined;
  readonly error: Record<string, unknown> | undefined;
}

const FIELD = {
  text: { text_delta: "text" },
  thinking: { thinking_delta: "thinking", signature_delta: "signature" },
  tool_use: { input_json_delta: "partial_json" },
  redacted_thinking: {},
} as const satisfies Record<string, Record<string, string>>;

/** Reads a whole stream. Throws an Error that says where it is not lawful. */
export function readLawfully(events: readonly SseEvent[]): ReadStream {
  const reader = new Reader();
  for (const { event, data } of events) {
    const read = parseObject(data);
    if (read["type"] !== event) throw new Error(`${event} is named ${String(read["type"])}`);
    reader.take(read);
  }
  return reader.finish();
}

class Reader {
  readonly #blocks: ReadBlock[] = [];
  #message: Record<string, unknown> | undefined;
  #isBlockOpen = false;
  #end: Record<string, unknown> | undefined;
  #isStopped = false;
  #error: Record<string, unknown> | undefined;

  take(event: Record<string, unknown>): void {
    const type = event["type"];
    if (this.#isStopped || this.#error !== undefined) throw new Error(`${type} after the end`);
    if (type === "error") this.#error = event;
    else if (type === "message_start") this.#start(event);
    else if (this.#message === undefined) throw new Error(`${type} before message_start`);
    else if (type === "message_stop") this.#stop();
    else if (this.#end !== undefined) throw new Error(`${type} after message_delta`);
    else if (type === "message_delta") this.#finishMessage(event);
    else this.#takeBlockEvent(event);
  }

  finish(): ReadStream {
    if (!this.#isStopped && this.#error === undefined) throw new Error("no end");
    const message = this.#message ?? {};
    return { blocks: this.#blocks, message, end: this.#end, error: this.#error };
  }

  #start({ message }: Record<string, unknown>): void {
    if (this.#message !== undefined) throw new Error("a second message_start");
    this.#message = { ...(message as object) };
  }

  #stop(): void {
    if (this.#end === undefined) throw new Error("message_stop without message_delta");
    this.#isStopped = true;
  }

  #finishMessage(event: Record<string, unknown>): void {
    if (this.#isBlockOpen) throw new Error("message_delta within a block");
    this.#end = event;
  }

  #takeBlockEvent(event: Record<string, unknown>): void {
    const opens = event["type"] === "content_block_start";
    if (opens === this.#isBlockOpen) throw new Error(`${event["type"]} out of turn`);
    const index = this.#blocks.length - (opens ? 0 : 1);
    if (event["index"] !== index) throw new Error(`index ${event["index"]}, not ${index}`);
    if (opens) this.#open(event["content_block"] as ReadBlock);
    else if (event["type"] === "content_block_stop") this.#isBlockOpen = false;
    else if (event["type"] === "content_block_delta")
      this.#fill(this.#blocks[index]!, event["delta"] as Record<string, unknown>);
    else throw new Error(`unknown event ${event["type"]}`);
  }

  #open(opening: ReadBlock): void {
    if (!(opening.type in FIELD)) throw new Error(`unknown block ${opening.type}`);
    this.#isBlockOpen = true;
    this.#blocks.push({ ...opening, body: "", signature: "" });
  }

  #fill(block: ReadBlock, delta: Record<string, unknown>): void {
    const fields: Record<string, string> = FIELD[block.type as keyof typeof FIELD];
    const field = fields[String(delta["type"])];
    const piece = field === undefined ? undefined : delta[field];
    if (typeof piece !== "string") throw new Error(`${delta["type"]} in a ${block.type}`);
    if (block.signature !== "") throw new Error("more of a block that was signed");
    if (field === "signature") block.signature = piece;
    else block.body += piece;
  }
}
