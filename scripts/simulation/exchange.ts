/**
 * One answer on its way out: the completion in the vendor's format, at the model's pace, with the fault that the
 * request drew. It writes to a narrow `Outlet` and waits through a function that it is given, so it runs against a
 * socket in the server and against an array in a test.
 */
import type { Completion } from "./completion.ts";
import { HOSTILE_KINDS, type Fault, type StatusFault } from "./faults.ts";
import { hostileAnswer, type HostileAnswer } from "./hostile.ts";
import { dueMs, slowed, type Pace } from "./pace.ts";
import type { Label, VendorFormat } from "./wire-format.ts";

/** Where an answer goes. `write` may wait for a slow reader; writing after the reader has left does nothing. */
export interface Outlet {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  write(text: string | Uint8Array): Promise<void>;
  /** Says how many output tokens of the answer are made, which only grow. */
  made(tokens: number): void;
  end(): void;
  /** Drops the connection without an end. */
  destroy(): void;
}

/** Time and the gate. Both waits reject when the client goes away. */
export interface Waits {
  /** Waits until this many milliseconds after the request came in. */
  until(dueMs: number): Promise<void>;
  /** Waits until somebody releases the vendor. */
  release(): Promise<void>;
}

export interface Exchange {
  readonly completion: Completion;
  readonly label: Label;
  readonly format: VendorFormat;
  readonly isStream: boolean;
  readonly hasUsage: boolean;
  readonly pace: Pace;
  readonly fault: Fault | undefined;
  /** What the caller authorised itself by, for the fault that gives it away. */
  readonly credential?: string | undefined;
}

/** Before a connection drops: time for what was sent to be read, since a reset may overtake it. */
const CUT_GRACE_MS = 30;

/** Between the pieces of a hostile answer, some of which have no end. */
const HOSTILE_PAUSE_MS = 20;

/** The role and the first of the text: from then on a client cannot be given another answer. */
const HONEST_FRAMES = 2;

/** What a malformed chunk looks like: JSON that stops in the middle of a word. */
const TORN = '{"id":"chatcmpl-sim","choices":[{"index":0,"delta":{"con';

const JSON_TYPE = { "content-type": "application/json" };

function outage(format: VendorFormat): object {
  return format.error(500, "The simulated vendor fails on demand.", { code: "simulated" });
}

/**
 * Sends the answer. Resolves with how it ended: `finished`, or `failed` where the fault broke it off. Rejects when
 * the client goes away meanwhile.
 */
export async function carryOut(
  exchange: Exchange,
  outlet: Outlet,
  waits: Waits,
): Promise<"finished" | "failed"> {
  const { fault } = exchange;
  if (await strikesAtOnce(exchange, outlet, waits)) return "failed";
  const pace = fault?.kind === "slow" ? slowed(exchange.pace, fault.factor) : exchange.pace;
  if (exchange.isStream) return sendStream({ ...exchange, pace }, outlet, waits);
  await waits.until(dueMs(pace, exchange.completion.billed.completionTokens));
  return sendBody(exchange, outlet, waits);
}

/** The faults that leave nothing of the answer. Says whether there was one. */
async function strikesAtOnce(exchange: Exchange, outlet: Outlet, waits: Waits): Promise<boolean> {
  const { fault, format } = exchange;
  if (fault === undefined) return false;
  const hostile = HOSTILE_KINDS.find((kind) => kind === fault.kind);
  if (hostile !== undefined) {
    const opening = exchange.isStream
      ? format.frames(exchange.completion, exchange.label, false).slice(0, HONEST_FRAMES).join("")
      : undefined;
    await sendHostile(hostileAnswer(hostile, opening), outlet, waits);
    return true;
  }
  const refusal = refusalOf(fault, exchange);
  if (refusal !== undefined) {
    await sendWhole(outlet, 400, [JSON_TYPE, JSON.stringify(refusal)]);
    return true;
  }
  if (fault.kind === "stall") await waits.release();
  if (fault.kind === "reset") outlet.destroy();
  if (fault.kind === "status")
    await sendWhole(outlet, fault.status, [statusHeaders(fault), errorOf(fault, format)]);
  if (fault.kind === "error-body")
    await sendWhole(outlet, 200, [JSON_TYPE, JSON.stringify(outage(format))]);
  if (fault.kind === "wrong-type")
    await sendWhole(outlet, 200, [{ "content-type": "text/html" }, "<h1>It works!</h1>"]);
  return ["reset", "status", "error-body", "wrong-type"].includes(fault.kind);
}

/** Never resolves for an answer without end; rejects when the client goes away. */
async function sendHostile(
  { headers, pieces }: HostileAnswer,
  outlet: Outlet,
  waits: Waits,
): Promise<void> {
  outlet.head(200, headers);
  let atMs = 0;
  for (const piece of pieces) {
    await waits.until(atMs);
    await outlet.write(piece);
    atMs += HOSTILE_PAUSE_MS;
  }
  outlet.end();
}

/** The answers of status 400 that say more than their status. */
function refusalOf(
  { kind }: Fault,
  { format, credential = "no key" }: Exchange,
): object | undefined {
  if (kind === "overflow") {
    const message = "prompt is too long: 2000001 tokens > 2000000 maximum";
    return format.error(400, message, { code: "context_length_exceeded" });
  }
  if (kind === "filter") {
    const message = "Output blocked by content filtering policy";
    return format.error(400, message, { code: "content_filter" });
  }
  if (kind !== "leak") return undefined;
  return format.error(400, `Not liked: ${credential}`, { param: credential, code: credential });
}

async function sendWhole(
  outlet: Outlet,
  status: number,
  [headers, body]: readonly [Record<string, string>, string],
): Promise<void> {
  outlet.head(status, headers);
  await outlet.write(body);
  outlet.end();
}

async function sendBody(
  exchange: Exchange,
  outlet: Outlet,
  waits: Waits,
): Promise<"finished" | "failed"> {
  const { format, fault } = exchange;
  const body = bodyOf(exchange);
  // A plain answer is cut in its middle, wherever a stream would have been.
  const half = body.slice(0, body.length / 2);
  if (fault?.kind === "malformed" || fault?.kind === "error-chunk") {
    const wrong = fault.kind === "malformed" ? half : JSON.stringify(outage(format));
    await sendWhole(outlet, 200, [JSON_TYPE, wrong]);
    return "failed";
  }
  const bytes = new TextEncoder().encode(body).length;
  outlet.head(200, { ...JSON_TYPE, "content-length": String(bytes) });
  if (fault?.kind === "trickle") {
    await trickle(body, outlet);
    outlet.end();
    return "finished";
  }
  outlet.made(exchange.completion.billed.completionTokens);
  await outlet.write(half);
  if (fault?.kind === "cut") {
    outlet.destroy();
    return "failed";
  }
  if (fault?.kind === "stall-mid") await waits.release();
  await outlet.write(body.slice(half.length));
  outlet.end();
  return "finished";
}

/** A plain answer, without what a fault takes away. */
function bodyOf(exchange: Exchange): string {
  const { label, format, fault } = exchange;
  const body = format.body(leftOf(exchange), label);
  const unpriced = { ...body, usage: undefined, usageMetadata: undefined };
  return JSON.stringify(fault?.kind === "no-usage" ? unpriced : body);
}

/** What a fault leaves of the choices. */
function leftOf({ completion, fault }: Exchange): Completion {
  if (fault?.kind === "empty") return { ...completion, choices: [] };
  if (fault?.kind !== "filtered") return completion;
  return {
    ...completion,
    choices: [{ pieces: [], toolCalls: [], finishReason: "content_filter" }],
  };
}

/** In pieces of seven bytes, which fit no line, no event and no character. */
async function trickle(text: string, outlet: Outlet): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 7) await outlet.write(bytes.subarray(at, at + 7));
}

async function sendStream(
  exchange: Exchange,
  outlet: Outlet,
  waits: Waits,
): Promise<"finished" | "failed"> {
  const { label, format, fault } = exchange;
  const hasUsage = exchange.hasUsage && fault?.kind !== "no-usage";
  const frames = format.frames(leftOf(exchange), label, hasUsage);
  let isOpen = false;
  for (const [index, frame] of frames.entries()) {
    await waits.until(dueMs(exchange.pace, index));
    if (!isOpen)
      outlet.head(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    isOpen = true;
    if (await strikesAt({ frames, index }, exchange, [outlet, waits])) return "failed";
    if (fault?.kind === "trickle") await trickle(frame, outlet);
    else await outlet.write(frame);
    outlet.made(tokensIn(index + 1, exchange));
  }
  if (!isOpen) outlet.head(200, { "content-type": "text/event-stream" });
  if (format.end !== "") await outlet.write(format.end);
  outlet.end();
  return "finished";
}

/** Output tokens in the first `count` events: one in each with a piece, and all the thinking before the first. */
function tokensIn(count: number, { completion, format }: Exchange): number {
  const { completionTokens, reasoningTokens } = completion.billed;
  const pieces = count - format.openingFrames * completion.choices.length;
  if (pieces <= 0) return 0;
  return reasoningTokens + Math.min(pieces, completionTokens - reasoningTokens);
}

/** Faults inside a stream. Says whether the stream is over. */
async function strikesAt(
  { frames, index }: { frames: readonly string[]; index: number },
  { fault, format, pace }: Exchange,
  [outlet, waits]: readonly [Outlet, Waits],
): Promise<boolean> {
  if (fault === undefined) return false;
  if (fault.kind === "step" && index > 0 && index < fault.until) await waits.release();
  if (!("after" in fault) || fault.after !== index) return false;
  if (fault.kind === "stall-mid") {
    await waits.release();
    return false;
  }
  if (fault.kind === "cut") {
    await waits.until(dueMs(pace, index) + CUT_GRACE_MS);
    outlet.destroy();
    return true;
  }
  const isTorn = fault.kind === "malformed";
  await outlet.write(
    isTorn ? `data: ${TORN}\n\n` : format.frame(outage(format), frames.slice(0, index)),
  );
  outlet.end();
  return true;
}

function statusHeaders({ retryAfterMs }: StatusFault): Record<string, string> {
  if (retryAfterMs === undefined) return JSON_TYPE;
  return {
    ...JSON_TYPE,
    "retry-after": String(Math.ceil(retryAfterMs / 1_000)),
    "retry-after-ms": String(retryAfterMs),
  };
}

function errorOf({ status }: StatusFault, format: VendorFormat): string {
  return JSON.stringify(format.error(status, `The simulated vendor answers ${status} on demand.`));
}
