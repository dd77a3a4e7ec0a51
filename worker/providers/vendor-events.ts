/**
 * A vendor's stream: bytes into its events, those into OpenAI's chunks, one after another as they are
 * asked for.
 *
 * The first chunk with a choice decides the attempt: until it has come a failure is a value, afterwards
 * it is the stream's error. The connection is closed when the deadline fires, when the reader cancels and when
 * the stream ends. Nothing is read from the vendor that the client has not asked for.
 *
 * A stream is bounded in time by the deadline and in bytes by a limit, however small its pieces.
 */
import { RouterError } from "../domain/errors.ts";
import type { UpstreamFailure } from "../domain/upstream.ts";
import { DeadlineError, type Deadline } from "../lib/deadline.ts";
import { isRecord } from "../lib/json.ts";
import { SseDecoder, SseOverflowError, type SseEvent } from "../lib/sse.ts";
import type { StreamReader } from "./adapter.ts";
import type { Verdict } from "./circuits.ts";
import type { Endpoint } from "./endpoints.ts";
import { jsonIn, malformed } from "./failures.ts";

/**
 * Bytes of one stream: 128,000 output tokens take some 45 MB where each is an event of its own. None of
 * it is kept; the limit is for the work that passing it on costs.
 */
const MAX_STREAM_BYTES = 256 << 20;
/** Chunks before the first with a choice; vendors send at most one, about the prompt's filtering. */
const MAX_HELD = 16;

interface VendorStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly reader: StreamReader;
  readonly endpoint: Endpoint;
  readonly maxBytes?: number;
}

/** Thrown for a stream of more bytes than it may have. */
export class StreamOverflowError extends Error {
  override readonly name = "StreamOverflowError";
}

/** The chunks of one vendor's body, read one by one; closes the connection at its end. */
export class VendorEvents {
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reader: StreamReader;
  readonly #endpoint: Endpoint;
  readonly #deadline: Deadline;
  readonly #decoder = new SseDecoder();
  /** Events of the vendor that were read and not yet converted. */
  #unread: SseEvent[] = [];
  #ready: SseEvent[] = [];
  #idleMs: number | undefined;
  #bytesLeft: number;
  /** The answer has said how it ends; what follows is usage. */
  #isFinished = false;

  constructor(stream: VendorStream, deadline: Deadline) {
    const { body, reader, endpoint, maxBytes = MAX_STREAM_BYTES } = stream;
    this.#bytesLeft = maxBytes;
    this.#body = body.getReader();
    this.#reader = reader;
    this.#endpoint = endpoint;
    this.#deadline = deadline;
    // Not left to the fetch: whatever sent the request, its body ends with the deadline.
    deadline.signal.addEventListener("abort", () => {
      this.#body.cancel(deadline.signal.reason).catch(() => {}); // It may have failed by itself.
    });
  }

  /** From now on each read may take this long; the time that the client takes does not count. */
  watchIdle(idleMs: number): void {
    this.#idleMs = idleMs;
    this.#deadline.leave();
  }

  /** Reads up to the first chunk with a choice, which `stream` gives with all before it; or the failure. */
  async begin(): Promise<UpstreamFailure | undefined> {
    const held: SseEvent[] = [];
    while (held.length < MAX_HELD) {
      const event = await this.next();
      if (event === undefined) break;
      if ("kind" in event) return event;
      if (event.data === "[DONE]") break;
      held.push(event);
      if (!hasChoice(event)) continue;
      this.#ready.unshift(...held);
      return undefined;
    }
    const what = held.length === 0 ? "a stream without events" : "a stream without choices";
    return malformed(this.#endpoint, what);
  }

  /** The next chunk, a failure, or undefined at the end. Rejects as network, decoder or deadline does. */
  async next(): Promise<SseEvent | UpstreamFailure | undefined> {
    while (this.#ready.length === 0) {
      const event = this.#unread.shift() ?? (await this.#read());
      if (event === undefined) return undefined;
      const taken = this.#reader.take(event);
      if ("kind" in taken) return taken;
      this.#ready = [...taken];
    }
    return this.#ready.shift();
  }

  async #read(): Promise<SseEvent | undefined> {
    while (this.#unread.length === 0) {
      if (this.#idleMs !== undefined) this.#deadline.enter("idle", this.#idleMs);
      const { done, value } = await this.#deadline.race(this.#body.read());
      if (this.#idleMs !== undefined) this.#deadline.leave();
      if (done) return undefined;
      this.#bytesLeft -= value.length;
      if (this.#bytesLeft < 0) throw new StreamOverflowError("Too many bytes");
      this.#unread = this.#decoder.push(value);
    }
    return this.#unread.shift();
  }

  /** All chunks from the first on. Cancelling it closes the vendor's connection. @param onEnd Called once. */
  stream(onEnd: (verdict: Verdict) => void): ReadableStream<SseEvent> {
    return new ReadableStream<SseEvent>(
      {
        pull: async (out) => {
          try {
            const event = await this.next();
            if (event === undefined) {
              this.#deadline.close();
              onEnd({ kind: this.#isFinished ? "success" : "failure" });
              out.close();
              return;
            }
            if ("kind" in event) throw brokeOff(event.message);
            this.#isFinished ||= isLast(event);
            out.enqueue(event);
          } catch (error) {
            const failure = streamErrorOf(error, this.#endpoint);
            onEnd({ kind: this.#isVendorsFault(error) ? "failure" : "abandoned" });
            this.#deadline.abort(failure);
            out.error(failure);
          }
        },
        cancel: (reason) => {
          // A reader that found the stream wanting says so by the error that it leaves with.
          const kind = reason instanceof RouterError ? "failure" : "abandoned";
          onEnd({ kind: this.#isFinished ? "success" : kind });
          this.#deadline.abort(reason ?? new Error("The reader has left"));
        },
      },
      { highWaterMark: 0 }, // Nothing is read from the vendor that the client has not asked for.
    );
  }

  /** Not the client's leaving, and not the end of the whole request's time. */
  #isVendorsFault(error: unknown): boolean {
    if (error instanceof DeadlineError) return error.phase !== "total";
    const { signal } = this.#deadline;
    return !signal.aborted;
  }
}

function hasChoice({ data }: SseEvent): boolean {
  const chunk = jsonIn(data);
  const choices = isRecord(chunk) ? chunk["choices"] : undefined;
  return Array.isArray(choices) && choices.length > 0;
}

/** A guess without parsing: text that says so itself stands escaped. */
function isLast({ data }: SseEvent): boolean {
  return data === "[DONE]" || /"finish_reason":\s*"/.test(data);
}

function brokeOff(message: string, cause?: unknown): RouterError {
  return new RouterError("server_error", message, { code: "upstream_failed", status: 502, cause });
}

/** What a rejection after the first byte means to the client. */
function streamErrorOf(error: unknown, { vendor }: Endpoint): RouterError {
  if (error instanceof RouterError) return error;
  if (error instanceof DeadlineError)
    return new RouterError(
      "timeout_error",
      `${vendor.name} fell silent for ${error.limitMs} ms (${error.phase})`,
      { code: "upstream_timeout", cause: error },
    );
  if (error instanceof SseOverflowError)
    return brokeOff(`${vendor.name} sent an event without end`, error);
  if (error instanceof StreamOverflowError)
    return brokeOff(`${vendor.name} sent a stream without end`, error);
  return brokeOff(`The connection to ${vendor.name} broke`, error);
}
