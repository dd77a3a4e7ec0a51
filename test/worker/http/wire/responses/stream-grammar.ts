/**
 * The grammar of a Responses stream, written down a second time: reads a stream as a strict client would and puts
 * the response together from the additions alone. Throws an Error at the first event that breaks a rule.
 *
 * Rules: a type is the event's name; numbers rise by one from 0; created, in_progress, then items, then one last
 * event; an item begins before anything is added to it and ends once, before the response does (unless that
 * fails); indexes count up from 0; what an end tells is the sum of what was added.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses-streaming
 */
import { isRecord } from "../../../../../worker/lib/json.ts";
import type { SseEvent } from "../../../../../worker/lib/sse.ts";
import { parseObject } from "../../../fixture/vendor.ts";

type Fields = Record<string, unknown>;

interface OpenItem {
  readonly item: Fields;
  /** Texts of the parts so far; the last one is open while `isPartOpen`. */
  readonly texts: string[];
  isPartOpen: boolean;
  isTextDone: boolean;
  isDone: boolean;
}

/** What a lawful stream came to: its last event's type and response, and the text of each item. */
export interface ReadStream {
  readonly last: string;
  readonly response: Fields;
  readonly items: readonly { readonly item: Fields; readonly texts: readonly string[] }[];
  readonly error: Fields | undefined;
}

const LAST = ["response.completed", "response.incomplete", "response.failed"];

const ANNOTATION = "response.output_text.annotation.added";

/** The kind of item that an event is about. */
const PART_OF: Record<string, string> = {
  "response.content_part.added": "message",
  "response.content_part.done": "message",
  "response.reasoning_summary_part.added": "reasoning",
  "response.reasoning_summary_part.done": "reasoning",
};
const DELTA_OF: Record<string, string> = {
  "response.output_text": "message",
  "response.refusal": "message",
  "response.reasoning_summary_text": "reasoning",
  "response.function_call_arguments": "function_call",
};

/** Reads a whole stream. */
export function readStream(events: readonly SseEvent[]): ReadStream {
  const reader = new Reader();
  for (const event of events) reader.read(event);
  return reader.end();
}

function demand(condition: unknown, rule: string, event?: unknown): asserts condition {
  if (!condition) throw new Error(`${rule}: ${JSON.stringify(event)}`);
}

class Reader {
  #count = 0;
  #last: Fields | undefined;
  #error: Fields | undefined;
  readonly #items: OpenItem[] = [];

  read({ event: name, data }: SseEvent): void {
    const event = parseObject(data);
    const type = String(event["type"]);
    demand(name === type, "the name is the type", event);
    demand(event["sequence_number"] === this.#count, "numbers rise by one", event);
    demand(this.#last === undefined, "nothing comes after the end", event);
    demand(this.#error === undefined || type === "response.failed", "an error is fatal", event);
    if (this.#count < 2) {
      const expected = ["response.created", "response.in_progress"][this.#count];
      demand(type === expected, "a stream begins with created and in_progress", event);
    } else if (LAST.includes(type)) this.#last = event;
    else if (type === "error") this.#error = event;
    else this.#readItem(type, event);
    this.#count++;
  }

  end(): ReadStream {
    const { type, response } = this.#last ?? {};
    demand(isRecord(response), "a stream has an end");
    const isFailed = type === "response.failed";
    demand(isFailed === (this.#error !== undefined), "a failure has its error");
    demand(isFailed || this.#items.every(({ isDone }) => isDone), "every item ends");
    const ids = new Set(this.#items.map(({ item }) => item["id"]));
    demand(ids.size === this.#items.length, "ids differ");
    return { last: String(type), response, items: this.#items, error: this.#error };
  }

  #readItem(type: string, event: Fields): void {
    const index = Number(event["output_index"]);
    if (type === "response.output_item.added") {
      const { item } = event;
      demand(isRecord(item) && index === this.#items.length, "indexes count up", event);
      this.#items.push({ item, texts: [], isPartOpen: false, isTextDone: false, isDone: false });
      return;
    }
    const open = this.#items[index];
    demand(open !== undefined && !open.isDone, "an item begins first and ends last", event);
    if (type === "response.output_item.done") this.#endItem(open, event);
    else {
      demand(event["item_id"] === open.item["id"], "additions name their item", event);
      if (type === ANNOTATION) demand(open.isPartOpen, "sources are inside a part", event);
      else if (type in PART_OF) readPart(open, type, event);
      else readText(open, type, event);
    }
  }

  #endItem(open: OpenItem, event: Fields): void {
    const { item } = event;
    demand(isRecord(item), "an end has its item", event);
    demand(!open.isPartOpen, "parts end before their item", event);
    for (const field of ["id", "type", "call_id", "name"])
      demand(item[field] === open.item[field], `${field} stays`, event);
    demand(textsOf(item).join("\0") === open.texts.join("\0"), "the end is the sum", event);
    open.isDone = true;
  }
}

function readPart(open: OpenItem, type: string, event: Fields): void {
  demand(open.item["type"] === PART_OF[type], "parts fit their item", event);
  const at = Number(event["content_index"] ?? event["summary_index"]);
  if (type.endsWith(".added")) {
    demand(!open.isPartOpen && at === open.texts.length, "parts come one by one", event);
    open.texts.push("");
    open.isPartOpen = true;
    open.isTextDone = false;
    return;
  }
  demand(open.isPartOpen && open.isTextDone, "a part ends after its text", event);
  demand(at === open.texts.length - 1, "the open part ends", event);
  const { part } = event;
  demand(isRecord(part) && partText(part) === open.texts[at], "a part is the sum", event);
  open.isPartOpen = false;
}

function readText(open: OpenItem, type: string, event: Fields): void {
  const [, what = "", verb = ""] = /^(.*)\.(delta|done)$/.exec(type) ?? [];
  demand(DELTA_OF[what] === open.item["type"], "a known event of this kind of item", event);
  const isCall = open.item["type"] === "function_call";
  if (isCall && open.texts.length === 0) open.texts.push("");
  const at = isCall ? 0 : Number(event["content_index"] ?? event["summary_index"]);
  demand(isCall || open.isPartOpen, "text is inside a part", event);
  demand(at === open.texts.length - 1 && !open.isTextDone, "text is added to the open part", event);
  if (verb === "delta") {
    const { delta } = event;
    demand(typeof delta === "string" && delta !== "", "additions add something", event);
    open.texts[at] += delta;
    return;
  }
  const sum = event["text"] ?? event["refusal"] ?? event["arguments"];
  demand(sum === open.texts[at], "the text is the sum", event);
  open.isTextDone = true;
}

function textsOf(item: Fields): unknown[] {
  if (item["type"] === "function_call") return [item["arguments"]];
  const parts = item["content"] ?? item["summary"];
  return Array.isArray(parts) ? parts.map((part) => partText(part)) : [];
}

function partText(part: unknown): unknown {
  return isRecord(part) ? (part["text"] ?? part["refusal"]) : undefined;
}
