/**
 * A stream of OpenAI's Responses API as chat chunks.
 *
 * There an answer grows as a list of items, each opened, filled and closed; chat streams deltas of one message.
 * So texts, refusals and thoughts go on as they come, and a call is announced when its item opens and gets the
 * next index among calls. The ends of items repeat what was said, and only what had not come before goes on
 * from them. Calls are told apart by their place in the output, as ids of items are not stable at every host.
 *
 * The response's own end becomes the last chunk, the usage and `[DONE]`; without one the answer has none.
 * Events of types that are not known here stand for nothing.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming
 */
import type { UpstreamFailure } from "../../domain/upstream.ts";
import { isRecord, jsonIn } from "../../lib/json.ts";
import type { SseEvent } from "../../lib/sse.ts";
import type { StreamReader } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { hiddenError, malformed } from "../failures.ts";
import {
  annotationOf,
  BETWEEN_THOUGHTS,
  countsOf,
  finishOf,
  frameOf,
  isCall,
} from "./responses-answer.ts";

type Fields = Record<string, unknown>;

/** A call that has been announced. */
interface OpenCall {
  /** Among the calls. */
  readonly index: number;
  /** Characters of its arguments that have gone on. */
  sentLength: number;
}

/** Whether a stream that begins with this event is one of Responses. */
export function isResponsesEvent({ data }: SseEvent): boolean {
  const said = jsonIn(data);
  const type = isRecord(said) ? said["type"] : undefined;
  return typeof type === "string" && (type === "error" || type.startsWith("response."));
}

export class ResponsesStream implements StreamReader {
  readonly #endpoint: Endpoint;
  readonly #createdS: number;
  #frame: Fields | undefined;
  /** By their items' indexes in the output. */
  readonly #calls = new Map<unknown, OpenCall>();
  #callCount = 0;
  /** Which part of which item the last thought was. */
  #lastThought: string | undefined;
  #isDone = false;

  constructor(endpoint: Endpoint, createdS: number) {
    this.#endpoint = endpoint;
    this.#createdS = createdS;
  }

  take({ data }: SseEvent): readonly SseEvent[] | UpstreamFailure {
    if (this.#isDone) return [];
    const said = jsonIn(data);
    if (!isRecord(said)) return malformed(this.#endpoint, "an event that is no JSON object");
    const { type, response } = said;
    if (type === "error" || said["error"]) return hiddenError(said, this.#endpoint);
    if (type === "response.failed")
      return hiddenError(isRecord(response) ? response : {}, this.#endpoint);
    if (this.#frame === undefined && type !== "response.created")
      return malformed(this.#endpoint, "a stream without a beginning");
    return this.#read(said);
  }

  #read(said: Fields): readonly SseEvent[] | UpstreamFailure {
    const { type, response, item, output_index: place } = said;
    switch (type) {
      case "response.created":
        return this.#start(response);
      case "response.output_item.added":
        return this.#openCall(item, place);
      case "response.output_item.done":
        return this.#closeCall(item, place);
      case "response.function_call_arguments.delta":
        return this.#addArguments(this.#calls.get(place), said["delta"]);
      case "response.function_call_arguments.done":
        return this.#completeArguments(this.#calls.get(place), said["arguments"]);
      case "response.completed":
      case "response.incomplete":
        return this.#end(response, type.slice("response.".length));
      default:
        return this.#readWords(said);
    }
  }

  #readWords(said: Fields): SseEvent[] {
    switch (said["type"]) {
      case "response.output_text.delta":
        return this.#say("content", said["delta"]);
      case "response.refusal.delta":
        return this.#say("refusal", said["delta"]);
      case "response.output_text.annotation.added":
        return this.#annotate(said["annotation"]);
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return this.#think(said);
      default:
        return [];
    }
  }

  #start(response: unknown): SseEvent[] {
    if (this.#frame !== undefined) return [];
    const object = "chat.completion.chunk";
    this.#frame = frameOf(isRecord(response) ? response : {}, object, this.#createdS);
    return [this.#chunk({ role: "assistant", content: "" })];
  }

  #say(field: string, text: unknown): SseEvent[] {
    return typeof text === "string" && text !== "" ? [this.#chunk({ [field]: text })] : [];
  }

  #annotate(annotation: unknown): SseEvent[] {
    return isRecord(annotation) ? [this.#chunk({ annotations: [annotationOf(annotation)] })] : [];
  }

  #think(said: Fields): SseEvent[] {
    const { type, delta, output_index: item, summary_index: at = said["content_index"] } = said;
    if (typeof delta !== "string" || delta === "") return [];
    const thought = JSON.stringify([type, item, at]);
    const isApart = this.#lastThought !== undefined && this.#lastThought !== thought;
    this.#lastThought = thought;
    return this.#say("reasoning_content", isApart ? `${BETWEEN_THOUGHTS}${delta}` : delta);
  }

  /** Announces a call; its arguments come later, whatever the item holds of them already. */
  #openCall(item: unknown, place: unknown): readonly SseEvent[] | UpstreamFailure {
    if (!isRecord(item) || !isCall(item)) return [];
    const { call_id: id, name } = item;
    if (typeof id !== "string" || typeof name !== "string")
      return malformed(this.#endpoint, "a call without id or name");
    const call = { index: this.#callCount++, sentLength: 0 };
    this.#calls.set(place, call);
    const fn = { name, arguments: "" };
    return [
      this.#chunk({ tool_calls: [{ index: call.index, id, type: "function", function: fn }] }),
    ];
  }

  #closeCall(item: unknown, place: unknown): readonly SseEvent[] | UpstreamFailure {
    if (!isRecord(item) || !isCall(item)) return [];
    const opening = this.#calls.has(place) ? [] : this.#openCall(item, place);
    if ("kind" in opening) return opening;
    return [...opening, ...this.#completeArguments(this.#calls.get(place), item["arguments"])];
  }

  #addArguments(call: OpenCall | undefined, json: unknown): SseEvent[] {
    if (call === undefined || typeof json !== "string" || json === "") return [];
    call.sentLength += json.length;
    return [this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: json } }] })];
  }

  /** What of the whole arguments has not gone on yet. */
  #completeArguments(call: OpenCall | undefined, json: unknown): SseEvent[] {
    if (call === undefined || typeof json !== "string") return [];
    return this.#addArguments(call, json.slice(call.sentLength));
  }

  #end(response: unknown, status: string): readonly SseEvent[] | UpstreamFailure {
    if (!isRecord(response)) return malformed(this.#endpoint, "an end without its response");
    this.#isDone = true;
    const finish = finishOf({ ...response, status }, this.#callCount > 0);
    const { usage, ...more } = countsOf(response);
    return [
      this.#chunk({}, { finish, more }),
      ...(usage === undefined ? [] : [this.#event({ choices: [], usage, ...more })]),
      { event: undefined, data: "[DONE]" },
    ];
  }

  #chunk(delta: Fields, { finish = null as string | null, more = {} } = {}): SseEvent {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finish };
    return this.#event({ choices: [choice], ...more });
  }

  #event(fields: Fields): SseEvent {
    return { event: undefined, data: JSON.stringify({ ...this.#frame, ...fields }) };
  }
}
