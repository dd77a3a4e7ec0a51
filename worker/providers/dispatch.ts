/**
 * The one way out: every byte that leaves the Worker for a vendor passes here.
 *
 * An attempt is decided by its first byte. A whole answer is returned whole; a stream is returned only
 * when its first event has arrived and is no error. Until then a failure is a value and the caller may
 * turn to another vendor; afterwards the client has begun to read, and a failure is the stream's.
 *
 * Every wait has a limit, and the client's abort ends every wait: the vendor's connection is closed
 * when the client hangs up, when time runs out, when the reader cancels, and when the answer is
 * complete. Limits hold for one call:
 *
 *     stream       connect ──▶ headers, first byte ──▶ first chunk, idle ──▶ each further read
 *     whole        answer ──▶ headers, idle ──▶ each further read
 *     both         total: what is left of the whole request's time
 *
 * Redirects are not followed: a key must not travel to an address that is not in the registry.
 *
 * Every call carries the request's id in `X-Client-Request-Id`. OpenAI documents it, takes up to 512 ASCII characters
 * and finds a request by it; the others ignore a header that they do not know. The `AI` binding has no headers.
 * Source: https://developers.openai.com/api/reference/overview
 */
import { MAX_CHOICES } from "../domain/chat.ts";
import { MAX_EMBEDDINGS_BYTES } from "../domain/embedding.ts";
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
import { isRecord, jsonIn, readBytes, readJson } from "../lib/json.ts";
import type { Pause } from "../lib/pause.ts";
import { SseOverflowError } from "../lib/sse.ts";
import type { Adapter, HttpRequest } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import { verdictOf, walkKeys, type Circuits, type Permit } from "./circuits.ts";
import { buildEmbeddingRequest, readEmbeddings } from "./embeddings.ts";
import type { Endpoint, Endpoints } from "./endpoints.ts";
import { hiddenError, malformed, readStatus } from "./failures.ts";
import { StreamOverflowError, VendorEvents } from "./vendor-events.ts";

/** The limits of one call, in milliseconds. */
export interface Timeouts {
  /** Until a streamed answer's headers. */
  readonly connectMs: number;
  /** From those to its first event. */
  readonly firstByteMs: number;
  /** Until an unstreamed answer's headers, which most vendors send when it is complete. */
  readonly answerMs: number;
  /** Between two reads of a body. */
  readonly idleMs: number;
}

/** `fetch`, or what stands for it at an endpoint or in a test. */
export type Send = NonNullable<Endpoint["send"]>;

interface DispatchOptions {
  readonly endpoints: ReadonlyMap<string, Endpoints>;
  readonly timeouts: Timeouts;
  readonly circuits: Circuits;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly clock: Clock;
  readonly pause: Pause;
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
    const { model } = call;
    const endpoints = options.endpoints.get(vendorOf(model));
    if (endpoints === undefined) return { ...unreachable(`No endpoint serves ${model}`), calls: 0 };
    if (call.signal.aborted) return { ...ABORTED, calls: 0 };
    const { circuits, random, clock } = options;
    const deadlineMs = clock.nowMs() + call.timeoutMs;
    return walkKeys({ endpoints, model, circuits, random }, (endpoint, permit) => {
      const timeoutMs = Math.max(deadlineMs - clock.nowMs(), 0);
      return callOnce({ ...call, timeoutMs }, { endpoint, permit }, options);
    });
  };
}

/** One call at one key; reports to the key's circuit what it tells. Never rejects. */
async function callOnce(
  call: UpstreamCall,
  { endpoint, permit }: { endpoint: Endpoint; permit: Permit },
  options: DispatchOptions,
): Promise<UpstreamOutcome> {
  const { timer, clock } = options;
  const deadline = new Deadline({ parent: call.signal, clock, ...(timer && { timer }) });
  const attempt = new Attempt({ endpoint, permit }, deadline, options);
  let outcome: UpstreamOutcome;
  try {
    outcome = await attempt.make(call);
  } catch (error) {
    outcome = call.signal.aborted ? ABORTED : failureOf(error, endpoint);
  }
  if (outcome.kind === "failure" && attempt.isAtWork && BREAKS.has(outcome.reason))
    outcome = { ...outcome, mayBeBilled: true };
  if (outcome.kind === "failure")
    permit.report(verdictOf(outcome, isTotal(deadline.signal.reason)));
  else permit.report({ kind: outcome.kind === "stream" ? "begun" : "success" });
  if (outcome.kind !== "stream") deadline.abort(new Error("The attempt is over"));
  return outcome;
}

class Attempt {
  readonly #endpoint: Endpoint;
  readonly #permit: Permit;
  readonly #adapter: Adapter;
  readonly #deadline: Deadline;
  readonly #options: DispatchOptions;
  #isAtWork = false;

  constructor(
    { endpoint, permit }: { endpoint: Endpoint; permit: Permit },
    deadline: Deadline,
    options: DispatchOptions,
  ) {
    this.#endpoint = endpoint;
    this.#permit = permit;
    this.#adapter = ADAPTERS[endpoint.vendor.format];
    this.#deadline = deadline;
    this.#options = options;
  }

  /** Whether the vendor has probably begun to answer: an unstreamed answer's headers come at its end. */
  get isAtWork(): boolean {
    return this.#isAtWork;
  }

  /** Rejects with the deadline's reason, or with what the network threw. */
  async make(call: UpstreamCall): Promise<UpstreamOutcome> {
    const { timeouts } = this.#options;
    const send = this.#endpoint.send ?? this.#options.send ?? sendToVendor;
    const deadline = this.#deadline;
    deadline.signal.throwIfAborted();
    deadline.limitTotal(call.timeoutMs);
    const isStream = call.operation === undefined && call.request.stream === true;
    if (isStream) deadline.enter("connect", timeouts.connectMs);
    else deadline.enter("answer", timeouts.answerMs);
    const built = this.#buildRequest(call);
    if ("kind" in built) return built;
    const { url, body } = built;
    const headers = { ...built.headers, ...idHeader(call) };
    const response = await deadline
      .race(
        send(url, { method: "POST", headers, body, redirect: "manual", signal: deadline.signal }),
      )
      .catch((error: unknown) => {
        this.#isAtWork = !isStream && error instanceof DeadlineError;
        throw error;
      });
    if (!response.ok) return this.#readFailure(response);
    return isStream ? this.#readStream(response) : this.#readAnswer(response, call);
  }

  /** The request, or that this vendor has no words for it: no fault of its, and nothing was sent. */
  #buildRequest(call: UpstreamCall): HttpRequest | UpstreamFailure {
    if (call.operation === "embeddings")
      return buildEmbeddingRequest(this.#endpoint, call, call.upstreamModel);
    try {
      return this.#adapter.buildRequest(this.#endpoint, call.request, call.upstreamModel);
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      return { kind: "failure", reason: "rejected", message: error.message, isRetryable: true };
    }
  }

  async #readFailure(response: Response): Promise<UpstreamFailure> {
    this.#deadline.enter("idle", this.#options.timeouts.idleMs);
    const { bytes } = await this.#deadline.race(readBytes(response.body, MAX_ERROR_BYTES));
    const nowMs = this.#options.clock.nowMs();
    const text = new TextDecoder().decode(bytes);
    return readStatus(response, text, { endpoint: this.#endpoint, nowMs });
  }

  async #readAnswer(response: Response, call: UpstreamCall): Promise<UpstreamOutcome> {
    const type = mediaTypeOf(response);
    if (!/^application\/(.+\+)?json$/.test(type))
      return malformed(this.#endpoint, `content of type ${type}`);
    this.#isAtWork = true;
    const { idleMs } = this.#options.timeouts;
    this.#deadline.enter("idle", idleMs);
    const limit = call.operation === "embeddings" ? MAX_EMBEDDINGS_BYTES : MAX_ANSWER_BYTES;
    const body = await this.#deadline.race(
      readJson(response, limit, () => this.#deadline.enter("idle", idleMs)),
    );
    if (!body.ok) return malformed(this.#endpoint, `an answer that cannot be read: ${body.why}`);
    if (!isRecord(body.value)) return malformed(this.#endpoint, "an answer that is no JSON object");
    const answer = { text: body.text, body: body.value, createdS: this.#nowS() };
    if (call.operation === "embeddings") return readEmbeddings(answer, this.#endpoint, call);
    const read = this.#adapter.readAnswer(answer, this.#endpoint);
    const choices = read.kind === "completion" ? read.body["choices"] : undefined;
    if (Array.isArray(choices) && choices.length > MAX_CHOICES)
      return malformed(this.#endpoint, `more than ${MAX_CHOICES} choices`);
    return read;
  }

  async #readStream(response: Response): Promise<UpstreamOutcome> {
    const type = mediaTypeOf(response);
    if (type !== "text/event-stream" || response.body === null)
      return this.#readErrorForStream(response, type);
    this.#isAtWork = true;
    this.#deadline.enter("first byte", this.#options.timeouts.firstByteMs);
    const endpoint = this.#endpoint;
    const reader = this.#adapter.openStream(endpoint, this.#nowS());
    const events = new VendorEvents({ body: response.body, reader, endpoint }, this.#deadline);
    const failure = await events.begin(this.#options.pause);
    if (failure !== undefined) return failure;
    events.watch(this.#options.timeouts.idleMs, (verdict) => this.#permit.report(verdict));
    return { kind: "stream", events };
  }

  /** Some vendors answer a stream's request with a JSON error and status 200. */
  async #readErrorForStream(response: Response, type: string): Promise<UpstreamFailure> {
    const { bytes } = await this.#deadline.race(readBytes(response.body, MAX_ERROR_BYTES));
    const body = jsonIn(new TextDecoder().decode(bytes));
    if (isRecord(body) && body["error"]) return hiddenError(body, this.#endpoint);
    return malformed(this.#endpoint, `content of type ${type} in place of a stream`);
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

const ABORTED: UpstreamFailure = {
  kind: "failure",
  reason: "aborted",
  message: "The client closed the request",
  isRetryable: false,
};

/** Failures in the middle of an answer; a vendor that says no has no answer to bill. */
const BREAKS: ReadonlySet<UpstreamFailure["reason"]> = new Set([
  "timeout",
  "unreachable",
  "malformed",
]);

/** None for an id that OpenAI would refuse the request for. */
function idHeader({ requestId = "" }: UpstreamCall): Record<string, string> {
  return /^[\x21-\x7e]{1,512}$/.test(requestId) ? { "x-client-request-id": requestId } : {};
}

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
  if (error instanceof StreamOverflowError) return malformed(endpoint, "a stream without end");
  if (error instanceof SseOverflowError) return malformed(endpoint, "an event without end");
  if (error instanceof DeadlineError) {
    const message = `${vendor.name} did not answer within ${error.limitMs} ms (${error.phase})`;
    return { kind: "failure", reason: "timeout", message, isRetryable: true };
  }
  return unreachable(`${vendor.name} could not be reached`);
}

/** Whether an operation ended because the whole request's time did. */
function isTotal(reason: unknown): boolean {
  return reason instanceof DeadlineError && reason.phase === "total";
}

function unreachable(message: string): UpstreamFailure {
  return { kind: "failure", reason: "unreachable", message, isRetryable: true };
}
