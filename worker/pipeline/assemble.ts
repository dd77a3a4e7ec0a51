/**
 * A stream of OpenAI's chunks, put together into the one answer that the same request gets unstreamed.
 *
 * A stream can be ended lawfully after any chunk, a whole answer cannot. So under a hard budget a vendor is asked
 * for a stream also where the client wants none, the stream is metered as any other, and this makes of it what
 * the client asked for.
 *
 * What a delta says is appended: texts are joined, lists are lengthened, anything else is replaced by what comes
 * later. Around the deltas (the answer's own fields, a choice's) the last value that says something holds; vendors
 * repeat those with every chunk. Calls of tools, signed thinking, audio and logprobs have pieces within and are
 * joined by them. Two things differ from what was streamed, because whole answers differ: text that is
 * empty beside a call, a refusal or audio is null, and what pads chunks against eavesdroppers is left out.
 *
 * Everything is held until the end, so all of it together has a limit.
 *
 * Sources: https://platform.openai.com/docs/api-reference/chat-streaming, …/chat/object
 */
import { MAX_CHOICES } from "../domain/chat.ts";
import { errorBodySchema, RouterError } from "../domain/errors.ts";
import { countOf, isRecord, jsonIn } from "../lib/json.ts";
import type { SseSource } from "../lib/sse.ts";
import { Pieces, Room } from "./pieces.ts";
import { ToolCalls } from "./tool-call-pieces.ts";

type Fields = Record<string, unknown>;

export interface Assembled {
  /** OpenAI's completion, and its JSON. */
  readonly body: Fields;
  readonly text: string;
  /** The `sluice` object of the last chunk; a whole answer's body has none. */
  readonly receipt: Fields;
}

/**
 * The whole answer of a metered stream, which it reads to its end. Throws the RouterError that the stream ends in,
 * and one of its own (502) for a stream that is cut off or too long to be held; then the stream is cancelled.
 */
export async function assemble(events: SseSource): Promise<Assembled> {
  const assembly = new Assembly();
  try {
    for (let batch = await events.next(); batch !== undefined; batch = await events.next())
      for (const { data } of batch) {
        if (data === "[DONE]") return assembly.end();
        const chunk = jsonIn(data);
        if (!isRecord(chunk)) throw brokenOff("upstream_malformed", "A chunk is no JSON object");
        if (chunk["error"]) throw errorOf(chunk);
        assembly.add(chunk);
      }
    throw brokenOff("upstream_cut", "The stream ended within its answer");
  } catch (error) {
    // Nesting that is too deep to be written again is no RouterError.
    const known =
      error instanceof RouterError
        ? error
        : brokenOff("upstream_malformed", "The vendor sent what cannot be put together");
    events.cancel(known);
    throw known;
  }
}

/** The whole answer in the data of a stream's events, as it came from a vendor. Throws RouterError 502 beyond the limits. */
export function wholeOf(chunks: readonly string[]): Fields {
  const assembly = new Assembly();
  for (const data of chunks) {
    const chunk = jsonIn(data);
    if (isRecord(chunk)) assembly.add(chunk);
  }
  return assembly.end().body;
}

/** Fields of a chunk that are not the answer's own. */
const APART = new Set(["object", "choices", "usage", "sluice", "obfuscation"]);

/** The chunks of one answer, added in the order in which they came. */
export class Assembly {
  readonly #room = new Room(() =>
    brokenOff("answer_too_long", "The answer is too long to be held"),
  );
  readonly #frame = new Pieces(this.#room);
  readonly #choices = new Map<number, Choice>();
  #usage: Fields | undefined;
  #receipt: Fields = {};

  /** Throws RouterError 502 beyond the limits. */
  add(chunk: Fields): void {
    const { choices, usage, sluice } = chunk;
    for (const [name, value] of Object.entries(chunk))
      if (!APART.has(name)) this.#frame.keep(name, value);
    if (isRecord(usage)) this.#usage = usage;
    if (isRecord(sluice)) this.#receipt = sluice;
    if (!Array.isArray(choices)) return;
    for (const choice of choices) if (isRecord(choice)) this.#choiceOf(choice).add(choice);
  }

  /** The answer as far as it has come. */
  end(): Assembled {
    const choices = [...this.#choices].toSorted(([a], [b]) => a - b);
    const body = {
      ...this.#frame.fields(),
      object: "chat.completion",
      choices: choices.map(([index, choice]) => ({ index, ...choice.view() })),
      ...(this.#usage !== undefined && { usage: this.#usage }),
    };
    return { body, text: JSON.stringify(body), receipt: this.#receipt };
  }

  #choiceOf({ index }: Fields): Choice {
    const at = countOf(index) ?? 0;
    const known = this.#choices.get(at);
    if (known !== undefined) return known;
    if (this.#choices.size === MAX_CHOICES)
      throw brokenOff("upstream_malformed", `The vendor sent more than ${MAX_CHOICES} choices`);
    const choice = new Choice(this.#room);
    this.#choices.set(at, choice);
    return choice;
  }
}

/** Fields of a streamed choice that a whole one has otherwise. */
const OF_STREAM = new Set(["index", "delta", "message", "logprobs"]);

class Choice {
  readonly #room: Room;
  readonly #around: Pieces;
  readonly #said: Pieces;
  readonly #calls: ToolCalls;
  /** Of records whose own fields come in pieces. */
  readonly #parts = new Map<string, Pieces>();

  constructor(room: Room) {
    this.#room = room;
    this.#around = new Pieces(room);
    this.#said = new Pieces(room);
    this.#calls = new ToolCalls(room);
  }

  add(choice: Fields): void {
    const { delta, logprobs } = choice;
    for (const [name, value] of Object.entries(choice))
      if (!OF_STREAM.has(name)) this.#around.keep(name, value);
    if (isRecord(logprobs)) this.#addParts("logprobs", logprobs);
    if (isRecord(delta)) for (const [name, value] of Object.entries(delta)) this.#say(name, value);
  }

  #say(name: string, value: unknown): void {
    switch (name) {
      case "role":
        return this.#said.keep(name, value);
      case "tool_calls":
        return Array.isArray(value) ? this.#calls.add(value) : undefined;
      case "function_call":
      case "audio":
        return isRecord(value) ? this.#addParts(name, value) : undefined;
      case "thinking_blocks":
        return Array.isArray(value) ? this.#said.appendThinking(name, value) : undefined;
      default:
        return this.#said.append(name, value);
    }
  }

  #addParts(name: string, record: Fields): void {
    const pieces = this.#parts.get(name) ?? new Pieces(this.#room);
    this.#parts.set(name, pieces);
    for (const [field, value] of Object.entries(record))
      if (WHOLE.has(field)) pieces.keep(field, value);
      else pieces.append(field, value);
  }

  /** All but the index. */
  view(): Fields {
    const { finish_reason: finish = null, ...around } = this.#around.fields();
    const logprobs = this.#parts.get("logprobs")?.fields() ?? null;
    return { message: this.#message(), logprobs, finish_reason: finish, ...around };
  }

  #message(): Fields {
    const { role, content = null, refusal, ...more } = this.#said.fields();
    const calls = this.#calls.view();
    const called = this.#parts.get("function_call")?.fields();
    const audio = this.#parts.get("audio")?.fields();
    const saysOtherwise = calls.length > 0 || [refusal, called, audio].some(Boolean);
    return {
      role: role || "assistant",
      content: content === "" && saysOtherwise ? null : content,
      refusal: refusal || null,
      ...more,
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(called !== undefined && { function_call: called }),
      ...(audio !== undefined && { audio: { ...audio, data: joinBase64(audio["data"]) } }),
    };
  }
}

/** Fields, among ones that come in pieces, that come whole: of a function's call, and of audio. */
const WHOLE = new Set(["name", "id", "expires_at"]);

/** Base64 of pieces that were encoded one by one, each with an end of its own, as base64 of them all. */
function joinBase64(data: unknown): unknown {
  if (typeof data !== "string" || !/=[^=]/.test(data)) return data;
  try {
    return btoa((data.match(/[^=]+=*/g) ?? []).map(atob).join(""));
  } catch {
    return data; // It is no base64, so nobody needs it to be.
  }
}

/** The error that the meter put into a chunk. */
function errorOf(chunk: Fields): RouterError {
  const { data: said } = errorBodySchema.safeParse({ error: chunk["error"] });
  if (said === undefined) return brokenOff("upstream_failed", "The stream broke");
  const { type, message, param, code } = said.error;
  return new RouterError(type, message, {
    code,
    ...(param !== null && { param }),
    ...(type === "server_error" && code.startsWith("upstream_") && { status: 502 }),
  });
}

function brokenOff(code: string, message: string): RouterError {
  return new RouterError("server_error", message, { code, status: 502 });
}
