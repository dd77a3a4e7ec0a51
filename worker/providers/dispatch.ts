/**
 * The one way out: every byte that leaves the Worker for a vendor passes here.
 *
 * An attempt is decided by its first byte. A whole answer is returned whole; a stream is returned only
 * when its first event has arrived and is no error. Until then a failure is a value and the caller may
 * turn to another vendor; afterwards the client has begun to read, and a failure is the stream's.
 *
 * Every wait has a limit, and the client's abort ends every wait: the vendor's connection is closed
 * when the client hangs up, when time runs out, when the reader cancels, and when the answer is
 * complete. Limits hold for one attempt:
 *
 *     stream       connect ──▶ headers, first byte ──▶ first event, idle ──▶ each further read
 *     whole        answer ──▶ headers, idle ──▶ each further read
 *     both         total
 *
 * Redirects are not followed: a key must not travel to an address that is not in the registry.
 */
import { RouterError } from "../domain/errors.ts";
import {
  vendorOf,
  type Dispatch,
  type UpstreamCall,
  type UpstreamFailure,
  type UpstreamOutcome,
} from "../domain/upstream.ts";
import type { Clock } from "../lib/clock.ts";
import { Deadline, DeadlineError, type StartTimer } from "../lib/deadline.ts";
import { isRecord, readBytes, readJson } from "../lib/json.ts";
import { SseDecoder, SseOverflowError, type SseEvent } from "../lib/sse.ts";
import type { Endpoint } from "./endpoints.ts";
import {
  buildRequest,
  errorInEvent,
  faultOfCompletion,
  faultOfFirstEvent,
  malformed,
  readStatus,
} from "./openai-compatible.ts";

/** The limits of one attempt, in milliseconds. */
export interface Timeouts {
  /** Until a streamed answer's headers. */
  readonly connectMs: number;
  /** From those to its first event. */
  readonly firstByteMs: number;
  /** Until an unstreamed answer's headers, which most vendors send when it is complete. */
  readonly answerMs: number;
  /** Between two reads of a body. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/** `fetch`, or what stands for it in a test. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

interface DispatchOptions {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly send?: Send;
  readonly timer?: StartTimer;
}

/** Bytes of an unstreamed answer: 128 choices of ordinary length, or a minute of base64 audio. */
const MAX_ANSWER_BYTES = 8 << 20;
/** Bytes of an error's body that are read; its message is at the front. */
const MAX_ERROR_BYTES = 8 << 10;

/** The function that makes attempts at the given endpoints. */
export function createDispatch(options: DispatchOptions): Dispatch {
  return async function dispatch(call) {
    const endpoint = options.endpoints.get(vendorOf(call.model));
    if (endpoint === undefined) return unreachable(`No endpoint serves ${call.model}`);
    const timer = options.timer;
    const deadline = new Deadline({ parent: call.signal, ...(timer && { timer }) });
    const attempt = new Attempt(endpoint, deadline, options);
    let outcome: UpstreamOutcome;
    try {
      outcome = await attempt.make(call);
    } catch (error) {
      outcome = call.signal.aborted ? ABORTED : failureOf(error, endpoint);
    }
    if (outcome.kind !== "stream") deadline.abort(new Error("The attempt is over"));
    return outcome;
  };
}

class Attempt {
  readonly #endpoint: Endpoint;
  readonly #deadline: Deadline;
  readonly #options: DispatchOptions;

  constructor(endpoint: Endpoint, deadline: Deadline, options: DispatchOptions) {
    this.#endpoint = endpoint;
    this.#deadline = deadline;
    this.#options = options;
  }

  /** Rejects with the deadline's reason, or with what the network threw. */
  async make({ request, upstreamModel }: UpstreamCall): Promise<UpstreamOutcome> {
    const { timeouts, send = sendToVendor } = this.#options;
    const deadline = this.#deadline;
    deadline.signal.throwIfAborted();
    deadline.limitTotal(timeouts.totalMs);
    const isStream = request.stream === true;
    if (isStream) deadline.enter("connect", timeouts.connectMs);
    else deadline.enter("answer", timeouts.answerMs);
    const { url, headers, body } = buildRequest(this.#endpoint, request, upstreamModel);
    const response = await deadline.race(
      send(url, { method: "POST", headers, body, redirect: "manual", signal: deadline.signal }),
    );
    if (!response.ok) return this.#readFailure(response);
    return isStream ? this.#readStream(response) : this.#readAnswer(response);
  }

  async #readFailure(response: Response): Promise<UpstreamFailure> {
    this.#deadline.enter("idle", this.#options.timeouts.idleMs);
    const { bytes } = await this.#deadline.race(readBytes(response.body, MAX_ERROR_BYTES));
    const nowMs = this.#options.clock.nowMs();
    const text = new TextDecoder().decode(bytes);
    return readStatus(response, text, { endpoint: this.#endpoint, nowMs });
  }

  async #readAnswer(response: Response): Promise<UpstreamOutcome> {
    const type = mediaTypeOf(response);
    if (!/^application\/(.+\+)?json$/.test(type))
      return malformed(this.#endpoint, `content of type ${type}`);
    this.#deadline.enter("idle", this.#options.timeouts.idleMs);
    const body = await this.#deadline.race(
      readJson({ headers: response.headers, body: this.#watched(response.body) }, MAX_ANSWER_BYTES),
    );
    if (!body.ok) return malformed(this.#endpoint, `an answer that cannot be read: ${body.why}`);
    if (!isRecord(body.value)) return malformed(this.#endpoint, "an answer that is no JSON object");
    const fault = faultOfCompletion(body.value, this.#endpoint);
    return fault ?? { kind: "completion", text: body.text, body: body.value };
  }

  async #readStream(response: Response): Promise<UpstreamOutcome> {
    const type = mediaTypeOf(response);
    if (type !== "text/event-stream" || response.body === null)
      return this.#readErrorForStream(response, type);
    this.#deadline.enter("first byte", this.#options.timeouts.firstByteMs);
    const reader = response.body.getReader();
    const events = new VendorEvents(reader, this.#deadline, this.#endpoint);
    const first = await events.next();
    const fault = faultOfFirstEvent(first, this.#endpoint);
    if (fault !== undefined) return fault;
    events.watchIdle(this.#options.timeouts.idleMs);
    return { kind: "stream", events: events.stream(first!) };
  }

  /** Some vendors answer a stream's request with a JSON error and status 200. */
  async #readErrorForStream(response: Response, type: string): Promise<UpstreamFailure> {
    const { bytes } = await this.#deadline.race(readBytes(response.body, MAX_ERROR_BYTES));
    const fault = faultOfFirstEvent(
      { event: undefined, data: new TextDecoder().decode(bytes) },
      this.#endpoint,
    );
    if (fault?.reason === "vendor_error") return fault;
    return malformed(this.#endpoint, `content of type ${type} in place of a stream`);
  }

  /** The same bytes; each read starts the idle limit anew. */
  #watched(body: Response["body"]): ReadableStream<Uint8Array> | null {
    const deadline = this.#deadline;
    const { idleMs } = this.#options.timeouts;
    return (
      body?.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, out) {
            deadline.enter("idle", idleMs);
            out.enqueue(chunk);
          },
        }),
      ) ?? null
    );
  }
}

/** The events of one vendor's body, read one by one; closes the connection at its end. */
class VendorEvents {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #deadline: Deadline;
  readonly #endpoint: Endpoint;
  readonly #decoder = new SseDecoder();
  #ready: SseEvent[] = [];
  #idleMs: number | undefined;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    deadline: Deadline,
    endpoint: Endpoint,
  ) {
    this.#reader = reader;
    this.#deadline = deadline;
    this.#endpoint = endpoint;
    // Not left to the fetch: whatever sent the request, its body ends with the deadline.
    deadline.signal.addEventListener("abort", () => {
      reader.cancel(deadline.signal.reason).catch(() => {}); // It may have failed by itself.
    });
  }

  /** From now on each read may take this long; the time that the client takes does not count. */
  watchIdle(idleMs: number): void {
    this.#idleMs = idleMs;
    this.#deadline.leave();
  }

  /** The next event, or undefined at the end. Rejects as the network, decoder or deadline does. */
  async next(): Promise<SseEvent | undefined> {
    while (this.#ready.length === 0) {
      if (this.#idleMs !== undefined) this.#deadline.enter("idle", this.#idleMs);
      const { done, value } = await this.#deadline.race(this.#reader.read());
      if (this.#idleMs !== undefined) this.#deadline.leave();
      if (done) return undefined;
      this.#ready = this.#decoder.push(value);
    }
    return this.#ready.shift();
  }

  /** All events, `first` included. Cancelling it closes the vendor's connection. */
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
            this.#refuseError(event);
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

  #refuseError(event: SseEvent): void {
    const message = errorInEvent(event, this.#endpoint);
    if (message !== undefined) throw new RouterError("server_error", message, BROKE_OFF);
  }
}

const ABORTED: UpstreamFailure = {
  kind: "failure",
  reason: "aborted",
  message: "The client closed the request",
  isRetryable: false,
};

const BROKE_OFF = { code: "upstream_failed", status: 502 } as const;

function sendToVendor(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, init);
}

function mediaTypeOf({ headers }: Response): string {
  const type = headers.get("content-type") ?? "none";
  return type.split(";", 1)[0]!.trim().toLowerCase().slice(0, 100);
}

/** What a rejection before the first byte means. What the network threw may name addresses: not quoted. */
function failureOf(error: unknown, endpoint: Endpoint): UpstreamFailure {
  const { vendor } = endpoint;
  if (error instanceof SseOverflowError) return malformed(endpoint, "an event without end");
  if (error instanceof DeadlineError) {
    const message = `${vendor.name} did not answer within ${error.limitMs} ms (${error.phase})`;
    return { kind: "failure", reason: "timeout", message, isRetryable: true };
  }
  return unreachable(`${vendor.name} could not be reached`);
}

/** The same after the first byte, as the stream's error. */
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
  return new RouterError("server_error", what, {
    ...BROKE_OFF,
    cause: error,
  });
}

function unreachable(message: string): UpstreamFailure {
  return { kind: "failure", reason: "unreachable", message, isRetryable: true };
}
