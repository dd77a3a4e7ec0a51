/**
 * Anthropic's stream as OpenAI's chunks.
 *
 * Anthropic streams a message block by block, each opened, filled and closed; OpenAI streams deltas of one
 * message. So a text or a thought goes on as it comes, a call is announced when its block opens and gets
 * the next index among calls, and a block of thinking is repeated whole when it closes, since its signature
 * comes last and it must go back in one piece. Usage is told at both ends; the later count holds.
 *
 * `message_stop` becomes the usage chunk and `[DONE]`; without a reason why the message ended it is no end.
 * Pings, and events and blocks of types not known here, stand for nothing, as Anthropic asks of clients.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
import type { UpstreamFailure } from "../../domain/upstream.ts";
import { isRecord, jsonIn } from "../../lib/json.ts";
import type { SseEvent } from "../../lib/sse.ts";
import type { StreamReader } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { hiddenError, malformed } from "../failures.ts";
import { finishReasonOf, isThinking, refusalIn, usageOf } from "./answer.ts";

type Fields = Record<string, unknown>;

/** The block that is open; Anthropic opens one at a time. */
interface OpenBlock {
  /** As it will have been when it closes. */
  readonly block: Fields;
  /** For a call: its index among the calls, and whether any of its arguments have come. */
  readonly callIndex: number;
  hasArguments: boolean;
}

export class AnthropicStream implements StreamReader {
  readonly #endpoint: Endpoint;
  readonly #createdS: number;
  #frame: Fields | undefined;
  #open: OpenBlock | undefined;
  #callCount = 0;
  #usage: Fields = {};
  #isFinished = false;
  #isDone = false;

  constructor(endpoint: Endpoint, createdS: number) {
    this.#endpoint = endpoint;
    this.#createdS = createdS;
  }

  take({ data }: SseEvent): readonly SseEvent[] | UpstreamFailure {
    if (this.#isDone) return [];
    const said = jsonIn(data);
    if (!isRecord(said)) return malformed(this.#endpoint, "an event that is no JSON object");
    const { type } = said;
    if (type === "error" || said["error"]) return hiddenError(said, this.#endpoint);
    if (this.#frame === undefined && type !== "message_start")
      return type === "ping" ? [] : malformed(this.#endpoint, "a stream without a beginning");
    return this.#read(said);
  }

  #read(said: Fields): readonly SseEvent[] | UpstreamFailure {
    switch (said["type"]) {
      case "message_start":
        return this.#start(said["message"]);
      case "content_block_start":
        return this.#openBlock(said["content_block"]);
      case "content_block_delta":
        return isRecord(said["delta"]) ? this.#fill(said["delta"]) : [];
      case "content_block_stop":
        return this.#closeBlock();
      case "message_delta":
        return this.#finish(said);
      case "message_stop":
        return this.#end();
      default:
        return [];
    }
  }

  #start(message: unknown): SseEvent[] {
    if (this.#frame !== undefined) return [];
    const { id, model, usage }: Fields = isRecord(message) ? message : {};
    this.#frame = { id, object: "chat.completion.chunk", created: this.#createdS, model };
    this.#count(usage);
    return [this.#chunk({ role: "assistant", content: "" })];
  }

  #openBlock(block: unknown): SseEvent[] {
    if (!isRecord(block)) return [];
    const isCall = block["type"] === "tool_use";
    const callIndex = isCall ? this.#callCount++ : -1;
    this.#open = { block: { ...block }, callIndex, hasArguments: false };
    if (isCall) {
      const fn = { name: block["name"], arguments: "" };
      const call = { index: callIndex, id: block["id"], type: "function", function: fn };
      return [this.#chunk({ tool_calls: [call] })];
    }
    // Both begin empty, but nothing promises that.
    return [
      ...this.#text("content", block["text"]),
      ...this.#text("reasoning_content", block["thinking"]),
    ];
  }

  #fill(delta: Fields): SseEvent[] {
    switch (delta["type"]) {
      case "text_delta":
        return this.#text("content", delta["text"]);
      case "input_json_delta":
        return this.#arguments(delta["partial_json"]);
      case "thinking_delta":
        this.#append("thinking", delta["thinking"]);
        return this.#text("reasoning_content", delta["thinking"]);
      case "signature_delta":
        this.#append("signature", delta["signature"]);
        return [];
      default:
        return [];
    }
  }

  #append(field: string, text: unknown): void {
    if (this.#open === undefined || typeof text !== "string") return;
    const before = this.#open.block[field];
    this.#open.block[field] = `${typeof before === "string" ? before : ""}${text}`;
  }

  #text(field: "content" | "reasoning_content", text: unknown): SseEvent[] {
    return typeof text === "string" && text !== "" ? [this.#chunk({ [field]: text })] : [];
  }

  #arguments(json: unknown): SseEvent[] {
    const open = this.#open;
    if (open === undefined || open.callIndex < 0 || typeof json !== "string" || json === "")
      return [];
    open.hasArguments = true;
    const call = { index: open.callIndex, function: { arguments: json } };
    return [this.#chunk({ tool_calls: [call] })];
  }

  #closeBlock(): SseEvent[] {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return [];
    if (isThinking(open.block)) return [this.#chunk({ thinking_blocks: [open.block] })];
    if (open.callIndex < 0 || open.hasArguments) return [];
    // A call without arguments has none streamed, and OpenAI's clients parse what was.
    const fn = { arguments: JSON.stringify(open.block["input"] ?? {}) };
    return [this.#chunk({ tool_calls: [{ index: open.callIndex, function: fn }] })];
  }

  #finish({ delta, usage }: Fields): SseEvent[] {
    this.#count(usage);
    const { stop_reason: reason, stop_details: details }: Fields = isRecord(delta) ? delta : {};
    if (this.#isFinished || typeof reason !== "string") return [];
    this.#isFinished = true;
    const refusal = refusalIn(details);
    return [this.#chunk(refusal === null ? {} : { refusal }, finishReasonOf(reason))];
  }

  #end(): readonly SseEvent[] | UpstreamFailure {
    if (!this.#isFinished) return malformed(this.#endpoint, "a stream that ends without a reason");
    this.#isDone = true;
    const usage = usageOf(this.#usage);
    const done = { event: undefined, data: "[DONE]" };
    return usage === undefined ? [done] : [this.#event({ choices: [], usage }), done];
  }

  /** Later counts stand for all so far; the last event leaves some of the first one's at null. */
  #count(usage: unknown): void {
    if (!isRecord(usage)) return;
    for (const [name, value] of Object.entries(usage))
      if (value !== null) this.#usage[name] = value;
  }

  #chunk(delta: Fields, finish: string | null = null): SseEvent {
    return this.#event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
  }

  #event(fields: Fields): SseEvent {
    return { event: undefined, data: JSON.stringify({ ...this.#frame, ...fields }) };
  }
}
