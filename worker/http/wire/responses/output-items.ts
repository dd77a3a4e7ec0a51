/**
 * The three kinds of items that an answer is made of, each while it grows.
 *
 * An item announces itself when it is made, tells every addition, and tells its end with all that it has become. What
 * it tells goes to `emit`; what it is at any moment is `view`. So a streamed answer and a whole one are the same
 * items, and a whole one merely does not listen.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming
 */
import { isRecord } from "../../../lib/json.ts";
import { readThinking, sealThinking, type ThinkingBlock } from "./sealed-thinking.ts";

/** Takes an event of a stream, without its number. */
export type Emit = (type: string, fields: Record<string, unknown>) => void;

export type ItemStatus = "in_progress" | "completed" | "incomplete";

interface Place {
  readonly id: string;
  readonly outputIndex: number;
}

/** One item of the output. Nothing may be added after its end. */
export abstract class OutputItem {
  readonly id: string;
  readonly #index: number;
  readonly #emit: Emit;
  protected status: ItemStatus = "in_progress";

  constructor({ id, outputIndex }: Place, emit: Emit) {
    this.id = id;
    this.#index = outputIndex;
    this.#emit = emit;
  }

  get isOpen(): boolean {
    return this.status === "in_progress";
  }

  abstract view(): Record<string, unknown>;
  /** Tells the end of what is inside the item. */
  protected abstract endParts(): void;

  /** Ends the item, once. */
  end(status: "completed" | "incomplete"): void {
    if (!this.isOpen) return;
    this.endParts();
    this.status = status;
    this.#emit("response.output_item.done", { output_index: this.#index, item: this.view() });
  }

  /** Ends the item without telling: the stream broke. */
  abandon(): void {
    if (this.isOpen) this.status = "incomplete";
  }

  protected announce(): void {
    this.#emit("response.output_item.added", { output_index: this.#index, item: this.view() });
  }

  protected tell(type: string, fields: Record<string, unknown>): void {
    this.#emit(type, { item_id: this.id, output_index: this.#index, ...fields });
  }
}

/** Thinking that the vendor shows, as one summary; what it has signed is sealed for the way back. */
export class ReasoningItem extends OutputItem {
  readonly #blocks: ThinkingBlock[] = [];
  #text: string[] = [];

  constructor(place: Place, emit: Emit) {
    super(place, emit);
    this.announce();
  }

  addText(delta: string): void {
    if (this.#text.length === 0)
      this.tell("response.reasoning_summary_part.added", { summary_index: 0, part: summary("") });
    this.#text.push(delta);
    this.tell("response.reasoning_summary_text.delta", { summary_index: 0, delta });
  }

  addBlocks(blocks: readonly unknown[]): void {
    this.#blocks.push(...readThinking(blocks));
  }

  view(): Record<string, unknown> {
    return {
      id: this.id,
      type: "reasoning",
      summary: this.#text.length === 0 ? [] : [summary(this.#text.join(""))],
      ...(this.#blocks.length > 0 && { encrypted_content: sealThinking(this.#blocks) }),
    };
  }

  protected endParts(): void {
    if (this.#text.length === 0) return;
    const text = this.#text.join("");
    this.tell("response.reasoning_summary_text.done", { summary_index: 0, text });
    this.tell("response.reasoning_summary_part.done", { summary_index: 0, part: summary(text) });
  }
}

function summary(text: string) {
  return { type: "summary_text", text };
}

interface Part {
  readonly kind: "output_text" | "refusal";
  readonly text: string[];
  readonly logprobs: unknown[];
  readonly annotations: unknown[];
}

/** What the assistant says: text and refusal, each a part of its own. */
export class MessageItem extends OutputItem {
  readonly #parts: Part[] = [];

  constructor(place: Place, emit: Emit) {
    super(place, emit);
    this.announce();
  }

  /** @param logprobs Those of this piece of text; empty where none were asked for. */
  addText(delta: string, logprobs: readonly unknown[]): void {
    const part = this.#open("output_text");
    part.text.push(delta);
    part.logprobs.push(...logprobs);
    this.tell("response.output_text.delta", { ...this.#at(part), delta, logprobs });
  }

  addRefusal(delta: string): void {
    const part = this.#open("refusal");
    part.text.push(delta);
    this.tell("response.refusal.delta", { ...this.#at(part), delta });
  }

  addAnnotation(annotation: unknown): void {
    const part = this.#open("output_text");
    part.annotations.push(annotation);
    const fields = { annotation_index: part.annotations.length - 1, annotation };
    this.tell("response.output_text.annotation.added", { ...this.#at(part), ...fields });
  }

  view(): Record<string, unknown> {
    const { id, status } = this;
    return { id, type: "message", status, role: "assistant", content: this.#parts.map(partView) };
  }

  protected endParts(): void {
    const part = this.#parts.at(-1);
    if (part !== undefined) this.#endPart(part);
  }

  #open(kind: Part["kind"]): Part {
    const last = this.#parts.at(-1);
    if (last?.kind === kind) return last;
    if (last !== undefined) this.#endPart(last);
    const part = { kind, text: [], logprobs: [], annotations: [] };
    this.#parts.push(part);
    this.tell("response.content_part.added", { ...this.#at(part), part: partView(part) });
    return part;
  }

  #endPart(part: Part): void {
    const text = part.text.join("");
    if (part.kind === "refusal")
      this.tell("response.refusal.done", { ...this.#at(part), refusal: text });
    else {
      const { logprobs } = part;
      this.tell("response.output_text.done", { ...this.#at(part), text, logprobs });
    }
    this.tell("response.content_part.done", { ...this.#at(part), part: partView(part) });
  }

  #at(part: Part) {
    return { content_index: this.#parts.indexOf(part) };
  }
}

function partView({ kind, text, logprobs, annotations }: Part): Record<string, unknown> {
  if (kind === "refusal") return { type: kind, refusal: text.join("") };
  return {
    type: kind,
    text: text.join(""),
    annotations: [...annotations],
    logprobs: [...logprobs],
  };
}

/** A function that the model calls. */
export class CallItem extends OutputItem {
  readonly #callId: string;
  readonly #name: string;
  readonly #arguments: string[] = [];
  #extra: unknown;

  constructor(place: Place & { callId: string; name: string }, emit: Emit) {
    super(place, emit);
    this.#callId = place.callId;
    this.#name = place.name;
    this.announce();
  }

  /** What the vendor wants back with the call, such as Gemini's signature of the thought behind it. */
  addExtra(extra: unknown): void {
    this.#extra = extra ?? this.#extra;
  }

  addArguments(delta: string): void {
    this.#arguments.push(delta);
    this.tell("response.function_call_arguments.delta", { delta });
  }

  view(): Record<string, unknown> {
    return {
      id: this.id,
      type: "function_call",
      status: this.status,
      call_id: this.#callId,
      name: this.#name,
      arguments: this.#arguments.join(""),
      ...(isRecord(this.#extra) && { extra_content: this.#extra }),
    };
  }

  protected endParts(): void {
    const fields = { name: this.#name, arguments: this.#arguments.join("") };
    this.tell("response.function_call_arguments.done", fields);
  }
}
