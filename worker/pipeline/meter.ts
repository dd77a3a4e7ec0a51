/**
 * Stands between a vendor's stream and the client: passes every event on the moment it arrives, reads
 * along what it used, and ends the stream truthfully.
 *
 * The text of an event goes out as it came in. Two exceptions, both about usage: the vendor's final
 * usage chunk (`choices: []`) is held back, because we asked for it and the client may not have; and to
 * a client that did ask, earlier chunks say `usage: null`, which some vendors do not keep to.
 *
 * The last chunk before `[DONE]` is ours. It carries `sluice` (what the answer cost, what that saved,
 * which model gave it), since headers have long gone. For a client that asked for usage it is the usage
 * chunk, `choices: []` and all. For any other it has one choice with an empty delta: code that reads
 * `choices[0].delta` of every chunk is everywhere, and nothing promised it a chunk without choices.
 *
 * A stream that stops before its answer is finished (no finish_reason, no `[DONE]`), errors, or sends
 * something that is not JSON, ends with one chunk that has `error`, and without `[DONE]`: clients take
 * what stands before `[DONE]` for a whole answer.
 *
 * A stream whose budget is spent ends as one whose length is: each choice that is not finished gets
 * `finish_reason: "length"`, and the last chunk says `sluice.stopped: "budget"`. What has come is passed on first.
 */
import { MAX_CHOICES, type ChatRequest } from "../domain/chat.ts";
import { errorBody, RouterError } from "../domain/errors.ts";
import { isRecord, jsonIn } from "../lib/json.ts";
import type { SseEvent, SseSource } from "../lib/sse.ts";
import type { Allowance } from "./allowance.ts";
import { AnswerCount, usageOf, type TokenCounts } from "./usage.ts";

/** How a stream ended: whole, broken by the vendor, left by the client, or stopped by a spent budget. */
export type StreamEnding = "complete" | "broken" | "cancelled" | "stopped";

interface MeterOptions {
  /** Says whether the client wants usage, and what there is to count where the vendor reports none. */
  readonly request: ChatRequest;
  /** The `sluice` object of the last chunk. Called at most once, for an answer that is complete or was stopped. */
  readonly receipt: (
    counts: TokenCounts,
    ending: "complete" | "stopped",
  ) => Record<string, unknown>;
  /** Called once, when the first of the answer itself arrives; what the model thinks aloud is none of it. */
  readonly onFirstText?: () => void;
}

const DONE: SseEvent = { event: undefined, data: "[DONE]" };

/** The events of one stream, one after another; see the file's head. Holds no more than one chunk. */
export class StreamMeter {
  readonly #options: MeterOptions;
  readonly #answer = new AnswerCount();
  readonly #wantsUsage: boolean;
  /** Whether each choice seen so far has had its finish_reason, by index. */
  readonly #isFinished = new Map<unknown, boolean>();
  #usage: Record<string, unknown> | undefined;
  /** Has id, model, created and whatever else the vendor repeats in every chunk. */
  #latest: Record<string, unknown> = { object: "chat.completion.chunk" };
  #hasText = false;
  /** Of an answer that has ended with `[DONE]`. */
  #final: TokenCounts | undefined;

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#wantsUsage = options.request.stream_options?.include_usage === true;
  }

  /** After `[DONE]`: nothing that follows is for the client. */
  get isDone(): boolean {
    return this.#final !== undefined;
  }

  /** Whether every choice is finished, so that only its usage is still to come. */
  get isAnswered(): boolean {
    const finished = [...this.#isFinished.values()];
    return finished.length >= (this.#options.request.n ?? 1) && finished.every(Boolean);
  }

  /** What the answer has used so far. */
  get counts(): TokenCounts {
    return this.#final ?? this.#count(false);
  }

  /** Tokens of the answer so far, as counted here. */
  get outputTokens(): number {
    return this.#answer.tokens;
  }

  /** What goes to the client for one event of the vendor. Throws RouterError for a malformed one. */
  take(event: SseEvent): SseEvent[] {
    if (event.data === DONE.data) return this.#end();
    const chunk = parseChunk(event.data);
    const { choices, usage } = chunk;
    this.#latest = chunk;
    if (isRecord(usage)) this.#usage = usage;
    const hasChoices = Array.isArray(choices) && choices.length > 0;
    if (hasChoices) this.#readChoices(choices);
    else if (isRecord(usage)) return [];
    if (this.#wantsUsage && usage !== null)
      return [{ event: event.event, data: JSON.stringify({ ...chunk, usage: null }) }];
    return [event];
  }

  /** What goes to the client when the vendor closes the stream. Throws RouterError for a torn answer. */
  finish(): SseEvent[] {
    if (this.isDone) return [];
    const finished = [...this.#isFinished.values()];
    if (finished.length > 0 && finished.every(Boolean)) return this.#end();
    throw new RouterError("server_error", "The vendor closed the stream within its answer", {
      code: "upstream_cut",
      status: 502,
    });
  }

  #readChoices(choices: readonly unknown[]): void {
    if (choices.length > MAX_CHOICES) throw malformed(`more than ${MAX_CHOICES} choices`);
    for (const choice of choices) {
      if (!isRecord(choice)) continue;
      this.#answer.add(choice);
      if (!this.#hasText && hasText(choice["delta"])) {
        this.#hasText = true;
        this.#options.onFirstText?.();
      }
      const wasFinished = this.#isFinished.get(choice["index"]) ?? false;
      this.#isFinished.set(choice["index"], wasFinished || Boolean(choice["finish_reason"]));
      if (this.#isFinished.size > MAX_CHOICES) throw malformed(`more than ${MAX_CHOICES} choices`);
    }
  }

  #count(isWhole: boolean): TokenCounts {
    return this.#answer.counts(this.#usage, { isWhole, request: this.#options.request });
  }

  /** What goes to the client when its budget is spent. */
  stop(): SseEvent[] {
    const asked = Array.from({ length: this.#options.request.n ?? 1 }, (_, index) => index);
    const all = new Set<unknown>([...asked, ...this.#isFinished.keys()]);
    const indexes = [...all].filter((index) => this.#isFinished.get(index) !== true);
    const { choices: _choices, usage: _usage, ...frame } = this.#latest;
    const choices = indexes.map((index) => ({ index, delta: {}, finish_reason: "length" }));
    const usage = this.#wantsUsage ? { usage: null } : {};
    const cut = { event: undefined, data: JSON.stringify({ ...frame, choices, ...usage }) };
    return [...(choices.length > 0 ? [cut] : []), ...this.#end("stopped")];
  }

  #end(ending: "complete" | "stopped" = "complete"): SseEvent[] {
    const counts = this.#count(ending === "complete");
    this.#final = counts;
    const sluice = this.#options.receipt(counts, ending);
    const last = this.#wantsUsage
      ? { choices: [], usage: counts.isEstimate ? usageOf(counts) : this.#usage, sluice }
      : { choices: [{ index: 0, delta: {}, finish_reason: null }], sluice };
    const { choices: _choices, usage: _usage, ...frame } = this.#latest;
    return [{ event: undefined, data: JSON.stringify({ ...frame, ...last }) }, DONE];
  }
}

function hasText(delta: unknown): boolean {
  if (!isRecord(delta)) return false;
  const { content, refusal, tool_calls: calls } = delta;
  return Boolean(content) || Boolean(refusal) || (Array.isArray(calls) && calls.length > 0);
}

/** The one chunk that says what went wrong. No `[DONE]` may follow it. */
function errorEvent(error: unknown): SseEvent {
  const known =
    error instanceof RouterError
      ? error
      : new RouterError("server_error", "The stream broke", { code: "internal_error" });
  return { event: undefined, data: JSON.stringify(errorBody(known)) };
}

interface Metering {
  readonly meter: StreamMeter;
  /** Asked after every read; nothing ends a stream early when left out. */
  readonly allowance?: Pick<Allowance, "allows"> | undefined;
  /** Called once, also when the client leaves, which cancels the events and so closes the vendor's connection. */
  readonly onEnd: (ending: StreamEnding, error?: unknown) => void;
}

/** Runs a meter over a vendor's events. The client's are made as they are asked for. */
export function meterStream(events: SseSource, { meter, allowance, onEnd }: Metering): SseSource {
  let isOver = false;
  function end(ending: StreamEnding, error?: unknown): void {
    isOver = true;
    onEnd(ending, error);
    // Who reads from the vendor shall know that it was not the client who left.
    events.cancel(error);
  }
  async function pass(out: SseEvent[]): Promise<void> {
    const batch = await events.next();
    if (isOver) return; // The client left while the vendor was writing.
    if (batch === undefined) out.push(...meter.finish());
    else for (const event of batch) if (!meter.isDone) out.push(...meter.take(event));
    if (meter.isDone) return end("complete");
    if (allowance === undefined || meter.isAnswered) return;
    if ((await allowance.allows(meter.outputTokens)) || isOver) return;
    out.push(...meter.stop());
    end("stopped");
  }
  return {
    async next() {
      const out: SseEvent[] = [];
      while (!isOver && out.length === 0) {
        try {
          await pass(out);
        } catch (error) {
          if (isOver) break;
          out.push(errorEvent(error));
          end("broken", error);
        }
      }
      return out.length > 0 ? out : undefined;
    },
    cancel(reason) {
      if (isOver) return;
      isOver = true;
      onEnd("cancelled");
      events.cancel(reason);
    },
  };
}

function parseChunk(data: string): Record<string, unknown> {
  const chunk = jsonIn(data);
  if (isRecord(chunk)) return chunk;
  throw malformed("a chunk that is no JSON object");
}

function malformed(what: string): RouterError {
  return new RouterError("server_error", `The vendor sent ${what}`, {
    code: "upstream_malformed",
    status: 502,
  });
}
