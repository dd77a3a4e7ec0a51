/**
 * A vendor's stream: bytes into its events, those into OpenAI's chunks, one after another as they are
 * asked for.
 *
 * The first chunk decides the attempt: until it has come a failure is a value, afterwards it is the
 * stream's error. The connection is closed when the deadline fires, when the reader cancels and when
 * the stream ends. Nothing is read from the vendor that the client has not asked for.
 */
import { RouterError } from "../domain/errors.ts";
import type { UpstreamFailure } from "../domain/upstream.ts";
import { DeadlineError, type Deadline } from "../lib/deadline.ts";
import { SseDecoder, SseOverflowError, type SseEvent } from "../lib/sse.ts";
import type { StreamReader } from "./adapter.ts";
import type { Endpoint } from "./endpoints.ts";

interface VendorStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly reader: StreamReader;
  readonly endpoint: Endpoint;
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

  constructor({ body, reader, endpoint }: VendorStream, deadline: Deadline) {
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
      this.#unread = this.#decoder.push(value);
    }
    return this.#unread.shift();
  }

  /** All chunks, `first` included. Cancelling it closes the vendor's connection. */
  stream(first: SseEvent): ReadableStream<SseEvent> {
    this.#ready.unshift(first);
    return new ReadableStream<SseEvent>(
      {
        pull: async (out) => {
          try {
            const event = await this.next();
            if (event === undefined) {
              this.#deadline.close();
              out.close();
              return;
            }
            if ("kind" in event) throw brokeOff(event.message);
            out.enqueue(event);
          } catch (error) {
            const failure = streamErrorOf(error, this.#endpoint);
            this.#deadline.abort(failure);
            out.error(failure);
          }
        },
        cancel: (reason) => this.#deadline.abort(reason ?? new Error("The reader has left")),
      },
      { highWaterMark: 0 }, // Nothing is read from the vendor that the client has not asked for.
    );
  }
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
  const what =
    error instanceof SseOverflowError
      ? `${vendor.name} sent an event without end`
      : `The connection to ${vendor.name} broke`;
  return brokeOff(what, error);
}
