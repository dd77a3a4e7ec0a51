/**
 * A vendor's stream: bytes into its events, those into OpenAI's chunks, as they are asked for.
 *
 * The stream's opening (stream-opening.ts) decides the attempt: until then a failure is a value, which leaves
 * the client another vendor; afterwards it is the stream's error. The connection is closed when the deadline
 * fires, when the reader cancels and when the stream ends. Nothing is read from the vendor that the client has
 * not asked for. What one read completed goes on together, and what a failure follows goes on before it.
 *
 * A stream is bounded in time by the deadline and in bytes by a limit, however small its pieces.
 */
import { RouterError } from "../domain/errors.ts";
import type { UpstreamFailure } from "../domain/upstream.ts";
import { DeadlineError, type Deadline } from "../lib/deadline.ts";
import type { Pause } from "../lib/pause.ts";
import { SseDecoder, SseOverflowError, type SseEvent, type SseSource } from "../lib/sse.ts";
import type { StreamReader } from "./adapter.ts";
import type { Verdict } from "./circuits.ts";
import type { Endpoint } from "./endpoints.ts";
import { StreamOpening } from "./stream-opening.ts";

/**
 * Bytes of one stream: 128,000 output tokens take some 45 MB where each is an event of its own. None of
 * it is kept; the limit is for the work that passing it on costs.
 */
const MAX_STREAM_BYTES = 256 << 20;
/** How long a vendor that has promised an answer may take to say something before its promise is passed on. */
const PATIENCE_MS = 500;

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

/** Chunks, one at least; or a failure, or undefined at the end. */
type Taken = readonly SseEvent[] | UpstreamFailure | undefined;
type ReadResult = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

/** The chunks of one vendor's body, all that one read completed together; closes the connection at its end. */
export class VendorEvents implements SseSource {
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reader: StreamReader;
  readonly #endpoint: Endpoint;
  readonly #deadline: Deadline;
  readonly #decoder = new SseDecoder();
  /** Chunks that were read and not yet given. */
  #ready: readonly SseEvent[] = [];
  /** What comes after those, where it is being read already. */
  #coming: Promise<Taken> | undefined;
  /** What the vendor told after those. */
  #failure: UpstreamFailure | undefined;
  #idleMs: number | undefined;
  #onEnd: ((verdict: Verdict) => void) | undefined;
  #bytesLeft: number;
  /** The answer has said how it ends; what follows is usage. */
  #isFinished = false;
  /** Ends the read under way. */
  #interrupt: ((reason: unknown) => void) | undefined;

  constructor(stream: VendorStream, deadline: Deadline) {
    const { body, reader, endpoint, maxBytes = MAX_STREAM_BYTES } = stream;
    this.#bytesLeft = maxBytes;
    this.#body = body.getReader();
    this.#reader = reader;
    this.#endpoint = endpoint;
    this.#deadline = deadline;
    const { signal } = deadline;
    // Not left to the fetch: whatever sent the request, its body ends with the deadline.
    signal.addEventListener("abort", () => {
      this.#interrupt?.(signal.reason);
      this.#body.cancel(signal.reason).catch(() => {}); // It may have failed by itself.
    });
  }

  /** Reads until the vendor has begun to answer, which `next` gives with all before it; or the failure. */
  async begin(pause: Pause): Promise<UpstreamFailure | undefined> {
    const opening = new StreamOpening();
    const isDecided = new AbortController();
    let patience: Promise<void> | undefined;
    try {
      while (!opening.isDecided) {
        const coming = this.#take();
        if (opening.isPromised) {
          this.#deadline.leave();
          patience ??= pause(PATIENCE_MS, isDecided.signal);
          if (await isEarlier(patience, coming)) {
            this.#coming = coming;
            break;
          }
        }
        const chunks = await coming;
        if (chunks !== undefined && "kind" in chunks) return chunks;
        opening.add(chunks);
      }
    } finally {
      isDecided.abort();
    }
    this.#ready = opening.held;
    return opening.faultOf(this.#endpoint);
  }

  /**
   * From now on each read may take this long; the time that the client takes does not count.
   * @param onEnd Called once, when the stream has ended, however it did.
   */
  watch(idleMs: number, onEnd: (verdict: Verdict) => void): void {
    this.#idleMs = idleMs;
    this.#onEnd = onEnd;
    this.#deadline.leave();
  }

  /** The next chunks. Rejects with RouterError. */
  async next(): Promise<readonly SseEvent[] | undefined> {
    try {
      const chunks = await this.#take();
      if (chunks === undefined) {
        this.#end({ kind: this.#isFinished ? "success" : "failure" });
        this.#deadline.close();
        return undefined;
      }
      if ("kind" in chunks) throw brokeOff(chunks.message);
      this.#isFinished ||= chunks.some(isLast);
      return chunks;
    } catch (error) {
      const failure = streamErrorOf(error, this.#endpoint);
      this.#end({ kind: this.#isVendorsFault(error) ? "failure" : "abandoned" });
      this.#deadline.abort(failure);
      throw failure;
    }
  }

  /** Closes the connection. A reader that found the stream wanting says so by the RouterError that it leaves with. */
  cancel(reason?: unknown): void {
    if (reason instanceof RouterError) this.#end({ kind: "failure" });
    else this.#end({ kind: this.#isFinished ? "success" : "abandoned" });
    this.#deadline.abort(reason ?? new Error("The reader has left"));
  }

  #end(verdict: Verdict): void {
    this.#onEnd?.(verdict);
    this.#onEnd = undefined;
  }

  /** What is there already, or else what comes. Rejects as network, decoder or deadline does. */
  async #take(): Promise<Taken> {
    if (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      return ready;
    }
    if (this.#coming !== undefined) {
      const coming = this.#coming;
      this.#coming = undefined;
      if (this.#idleMs !== undefined) this.#deadline.enter("idle", this.#idleMs);
      return coming.finally(() => this.#deadline.leave()); // It may have come before it was asked for.
    }
    while (this.#failure === undefined) {
      const events = await this.#read();
      if (events === undefined) return undefined;
      const chunks: SseEvent[] = [];
      for (const event of events) {
        const taken = this.#reader.take(event);
        if ("kind" in taken) {
          this.#failure = taken;
          break;
        }
        chunks.push(...taken);
      }
      if (chunks.length > 0) return chunks;
    }
    return this.#failure;
  }

  /** The vendor's events that one read completed, which may be none. */
  async #read(): Promise<readonly SseEvent[] | undefined> {
    if (this.#idleMs !== undefined) this.#deadline.enter("idle", this.#idleMs);
    const { done, value } = await this.#readBytes();
    if (this.#idleMs !== undefined) this.#deadline.leave();
    if (done) return undefined;
    this.#bytesLeft -= value.length;
    if (this.#bytesLeft < 0) throw new StreamOverflowError("Too many bytes");
    return this.#decoder.push(value);
  }

  /** As the deadline's `race`, without a listener of its own for every read. */
  #readBytes(): Promise<ReadResult> {
    const { signal } = this.#deadline;
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      if (signal.aborted) reject(signal.reason);
      else this.#body.read().then(resolve, reject);
    });
  }

  /** Not the client's leaving, and not the end of the whole request's time. */
  #isVendorsFault(error: unknown): boolean {
    if (error instanceof DeadlineError) return error.phase !== "total";
    const { signal } = this.#deadline;
    return !signal.aborted;
  }
}

/** Whether `one` settles before `other` does. */
function isEarlier(one: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  const [yes, no] = [() => true, () => false];
  return Promise.race([other.then(no, no), one.then(yes, yes)]);
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
