/**
 * An answer in the Responses API's terms, from its first chat chunk to its end. What happens is told to `emit`;
 * what the response is at any moment is `view`.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming
 */
import { isRecord } from "../../../lib/json.ts";
import type { Emit } from "./output-items.ts";
import { Output } from "./output.ts";
import { usageView, type ResponseFrame } from "./response-object.ts";

/** Why a response is incomplete, by the finish_reason of the chat answer. */
const INCOMPLETE: Readonly<Record<string, string>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

/** One answer. Holds all of it, as its last event needs it. */
export class AnswerState {
  readonly #frame: ResponseFrame;
  readonly #emit: Emit;
  readonly #output: Output;
  #status: "in_progress" | "completed" | "incomplete" | "failed" = "in_progress";
  #error: Record<string, unknown> | null = null;
  #finishReason: unknown;
  #usage: unknown;
  #serviceTier: unknown;
  #sluice: unknown;

  constructor(frame: ResponseFrame, emit: Emit) {
    this.#frame = frame;
    this.#emit = emit;
    this.#output = new Output(frame.key, emit);
  }

  /** After the end: nothing that follows is part of the answer. */
  get isOver(): boolean {
    return this.#status !== "in_progress";
  }

  begin(): void {
    this.#emit("response.created", { response: this.view() });
    this.#emit("response.in_progress", { response: this.view() });
  }

  /** Takes a chat chunk, an error among them. Throws RouterError for an answer that is too long to hold. */
  take(chunk: Record<string, unknown>): void {
    const { choices, usage, error, sluice, service_tier: tier } = chunk;
    if (isRecord(error)) return this.#fail(error);
    this.#usage = usage ?? this.#usage;
    this.#sluice = sluice ?? this.#sluice;
    this.#serviceTier = tier ?? this.#serviceTier;
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
    if (!isRecord(choice)) return undefined;
    const { delta, logprobs, finish_reason: reason } = choice;
    if (isRecord(delta)) this.#takeDelta(delta, isRecord(logprobs) ? logprobs["content"] : null);
    this.#finishReason = reason ?? this.#finishReason;
    return undefined;
  }

  end(): void {
    const status = this.#incompleteReason === undefined ? "completed" : "incomplete";
    this.#output.end(status);
    this.#status = status;
    this.#emit(`response.${status}`, { response: this.view() });
  }

  view(): Record<string, unknown> {
    const reason = this.#status === "incomplete" ? this.#incompleteReason : undefined;
    return {
      ...this.#frame.fields,
      ...(typeof this.#serviceTier === "string" && { service_tier: this.#serviceTier }),
      status: this.#status,
      error: this.#error,
      incomplete_details: reason === undefined ? null : { reason },
      output: this.#output.view(),
      usage: usageView(this.#usage),
      ...(isRecord(this.#sluice) && { sluice: this.#sluice }),
    };
  }

  get #incompleteReason(): string | undefined {
    return typeof this.#finishReason === "string" ? INCOMPLETE[this.#finishReason] : undefined;
  }

  /** SDKs raise at `error`; a stream that failed ends with the response, as any other does. */
  #fail({ message, code, param, type }: Record<string, unknown>): void {
    this.#emit("error", { code: code ?? null, message: String(message), param: param ?? null });
    this.#output.abandon();
    this.#status = "failed";
    const kind = type === "rate_limit_error" ? "rate_limit_exceeded" : "server_error";
    this.#error = { code: kind, message: String(message) };
    this.#emit("response.failed", { response: this.view() });
  }

  #takeDelta(delta: Record<string, unknown>, logprobs: unknown): void {
    const { content, refusal, thinking_blocks: blocks, annotations, tool_calls: calls } = delta;
    const thinking = delta["reasoning_content"] ?? delta["reasoning"];
    if (isText(thinking)) this.#output.addThinking(thinking);
    if (Array.isArray(blocks) && blocks.length > 0) this.#output.addBlocks(blocks);
    if (isText(content)) this.#output.addText(content, Array.isArray(logprobs) ? logprobs : []);
    if (Array.isArray(annotations))
      for (const annotation of annotations) this.#output.addAnnotation(flat(annotation));
    if (isText(refusal)) this.#output.addRefusal(refusal);
    if (Array.isArray(calls)) for (const call of calls) this.#output.addCall(call);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Chat keeps an annotation's fields in an object named after its type. */
function flat(annotation: unknown): unknown {
  if (!isRecord(annotation) || typeof annotation["type"] !== "string") return annotation;
  const { type, [type]: fields, ...rest } = annotation;
  return { type, ...(isRecord(fields) && fields), ...rest };
}
