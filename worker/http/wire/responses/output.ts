/**
 * The output of an answer: which item a piece of it belongs to.
 *
 * A chat delta says only what is new. Thinking and words belong to the item that is being written; when something
 * else begins, that item ends, and if the same kind goes on later, that is another item. Calls stay open until
 * the answer ends, because a vendor may write several at once.
 *
 * Vendors name calls loosely: some repeat the id with every piece, some give all calls one index, some give none.
 * A piece starts another call where its id says so, or, without an index, its name. Ids that are missing or given
 * twice are replaced, since a client answers a call by its id.
 */
import { RouterError } from "../../../domain/errors.ts";
import { isRecord } from "../../../lib/json.ts";
import {
  CallItem,
  MessageItem,
  ReasoningItem,
  type Emit,
  type OutputItem,
} from "./output-items.ts";

/** Characters that one answer may have: 8 Mi. It is held until its end, and told several times over. */
const MAX_LENGTH = 1 << 23;
/** What an item or a fact about a piece takes besides its characters, roughly. */
const ENTRY_LENGTH = 1 << 8;

interface Call {
  readonly id: string | undefined;
  /** Arguments that came before the name. */
  early: string;
  extra: unknown;
  item: CallItem | undefined;
}

/** Items in the order in which they began. Its methods throw RouterError once the answer is too long to hold. */
export class Output {
  readonly #key: string;
  readonly #emit: Emit;
  readonly #items: OutputItem[] = [];
  /** The item that is being written, calls aside. */
  #current: ReasoningItem | MessageItem | undefined;
  readonly #calls: Call[] = [];
  readonly #callAt = new Map<number, Call>();
  readonly #callIds = new Set<string>();
  #length = 0;

  /** @param key Distinguishes this answer's ids from those of others. */
  constructor(key: string, emit: Emit) {
    this.#key = key;
    this.#emit = emit;
  }

  addThinking(delta: string): void {
    this.#grow(delta.length);
    this.#reasoning().addText(delta);
  }

  /** Thinking that the vendor has signed, whole blocks or pieces of them. */
  addBlocks(blocks: readonly unknown[]): void {
    this.#grow(JSON.stringify(blocks).length);
    this.#reasoning().addBlocks(blocks);
  }

  addText(delta: string, logprobs: readonly unknown[]): void {
    this.#grow(delta.length + logprobs.length * ENTRY_LENGTH);
    this.#message().addText(delta, logprobs);
  }

  addRefusal(delta: string): void {
    this.#grow(delta.length);
    this.#message().addRefusal(delta);
  }

  addAnnotation(annotation: unknown): void {
    this.#grow(JSON.stringify(annotation).length);
    this.#message().addAnnotation(annotation);
  }

  /** A piece of a call, as a chat delta has it; what is none is left out. */
  addCall(piece: unknown): void {
    if (!isRecord(piece) || !isRecord(piece["function"])) return;
    const { name, arguments: given } = piece["function"];
    const call = this.#callOf(piece, name);
    const delta = typeof given === "string" ? given : "";
    this.#grow(delta.length + (JSON.stringify(piece["extra_content"])?.length ?? 0));
    call.extra = piece["extra_content"] ?? call.extra;
    if (call.item === undefined && isText(name)) this.#openCall(call, name);
    call.item?.addExtra(call.extra);
    if (call.item === undefined) call.early += delta;
    else if (delta !== "") call.item.addArguments(delta);
  }

  end(status: "completed" | "incomplete"): void {
    for (const call of this.#calls) if (call.item === undefined) this.#openCall(call, "");
    for (const item of this.#items) item.end(status);
  }

  /** Ends without telling: the stream broke. */
  abandon(): void {
    for (const item of this.#items) item.abandon();
  }

  view(): Record<string, unknown>[] {
    return this.#items.map((item) => item.view());
  }

  #grow(length: number): void {
    this.#length += length;
    if (this.#length <= MAX_LENGTH) return;
    throw new RouterError("server_error", "The answer is too long to be put together", {
      code: "answer_too_long",
      status: 502,
    });
  }

  #place(prefix: string) {
    this.#grow(ENTRY_LENGTH);
    const outputIndex = this.#items.length;
    return { id: `${prefix}_${this.#key}_${outputIndex}`, outputIndex };
  }

  #endCurrent(): void {
    this.#current?.end("completed");
    this.#current = undefined;
  }

  #reasoning(): ReasoningItem {
    if (this.#current instanceof ReasoningItem) return this.#current;
    this.#endCurrent();
    const item = new ReasoningItem(this.#place("rs"), this.#emit);
    this.#items.push(item);
    return (this.#current = item);
  }

  #message(): MessageItem {
    if (this.#current instanceof MessageItem) return this.#current;
    this.#endCurrent();
    const item = new MessageItem(this.#place("msg"), this.#emit);
    this.#items.push(item);
    return (this.#current = item);
  }

  #callOf({ index, id }: Record<string, unknown>, name: unknown): Call {
    const hasIndex = typeof index === "number";
    const known = hasIndex ? this.#callAt.get(index) : this.#calls.at(-1);
    const isOther = isText(id)
      ? known?.id !== undefined && known.id !== id
      : !hasIndex && isText(name) && known?.item !== undefined;
    if (known !== undefined && !isOther) return known;
    this.#grow(ENTRY_LENGTH);
    const call = { id: isText(id) ? id : undefined, early: "", extra: undefined, item: undefined };
    this.#calls.push(call);
    if (hasIndex) this.#callAt.set(index, call);
    return call;
  }

  #openCall(call: Call, name: string): void {
    this.#endCurrent();
    const isFree = call.id !== undefined && !this.#callIds.has(call.id);
    const callId = isFree ? call.id : `call_${this.#key}_${this.#items.length}`;
    this.#callIds.add(callId);
    call.item = new CallItem({ ...this.#place("fc"), callId, name }, this.#emit);
    this.#items.push(call.item);
    if (call.early !== "") call.item.addArguments(call.early);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
