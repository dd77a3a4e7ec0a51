/**
 * The adapter for vendors that speak OpenAI's format, which at present are all: a chat request into
 * HTTP, and HTTP back into an outcome. Pure; dispatch.ts moves the bytes.
 *
 * Outwards, the request goes as the client wrote it, except for what must change: the model's name, our
 * own `sluice` object, the name of the field that bounds the answer, and the wish for usage in streams,
 * without which a streamed answer has no price. Unknown fields pass through.
 *
 * Inwards, every answer that is not one becomes a failure. Whether another vendor is tried depends on
 * whose fault it is: a request that the vendor finds wrong (400, 422) is the client's and goes back to
 * it; a key or a model name that the vendor refuses (401, 402, 403, 404) is the deployment's, and so
 * is a limit; those, like the vendor's own troubles, are retried elsewhere.
 *
 * Vendors' messages are quoted to the client, since they alone name the field at fault, but cut short
 * and with everything that looks like a key removed. What a vendor says about our key is not quoted.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { FailureReason, UpstreamFailure } from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { Endpoint } from "./endpoints.ts";
import { readRetryAfterMs } from "./retry-after.ts";

interface HttpRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The request that asks `endpoint` for `upstreamModel`'s answer. */
export function buildRequest(
  { vendor, baseUrl, key }: Endpoint,
  request: ChatRequest,
  upstreamModel: string,
): HttpRequest {
  const body: Record<string, unknown> = { ...request, model: upstreamModel };
  delete body["sluice"];
  const limit = request.max_completion_tokens ?? request.max_tokens;
  delete body["max_tokens"];
  delete body["max_completion_tokens"];
  if (limit !== undefined && limit !== null) body[vendor.outputLimitField] = limit;
  if (!vendor.hasStreamOptions) delete body["stream_options"];
  else if (request.stream)
    body["stream_options"] = { ...request.stream_options, include_usage: true };
  if (!vendor.hasDeveloperRole) body["messages"] = request.messages.map(withoutDeveloperRole);
  return {
    url: `${baseUrl}/chat/completions`,
    headers: {
      "content-type": "application/json",
      accept: request.stream ? "text/event-stream" : "application/json",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  };
}

/** The failure that a status other than 2xx stands for. @param text As much of the body as was read. */
export function readStatus(
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
  { endpoint, nowMs }: { endpoint: Endpoint; nowMs: number },
): UpstreamFailure {
  const { name } = endpoint.vendor;
  const reason = REASON_OF[status] ?? (status >= 400 && status < 500 ? "rejected" : "vendor_error");
  const isOurKey = status === 401 || status === 402 || status === 403;
  const said = isOurKey ? undefined : vendorMessage(parse(text), endpoint);
  const retryAfterMs = readRetryAfterMs(headers, nowMs);
  return {
    kind: "failure",
    reason,
    status,
    message: said ?? `${name} answered with status ${status}`,
    isRetryable: reason !== "rejected",
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

const REASON_OF: Record<number, FailureReason> = {
  401: "vendor_error",
  402: "vendor_error",
  403: "vendor_error",
  404: "vendor_error",
  408: "timeout",
  409: "vendor_error",
  413: "vendor_error", // Vendors bound a request by the account's tokens per minute too.
  425: "vendor_error",
  429: "rate_limited",
  504: "timeout",
};

/** The failure hidden in the body of a 200, or undefined for an answer with at least one choice. */
export function faultOfCompletion(
  body: Record<string, unknown>,
  endpoint: Endpoint,
): UpstreamFailure | undefined {
  if (body["error"]) return hiddenError(body, endpoint);
  const { choices } = body;
  if (!Array.isArray(choices) || choices.length === 0)
    return malformed(endpoint, "an answer without choices");
  return undefined;
}

/** The failure that a stream's first event stands for, or undefined where a stream may begin with it. */
export function faultOfFirstEvent(
  event: SseEvent | undefined,
  endpoint: Endpoint,
): UpstreamFailure | undefined {
  if (event === undefined || event.data === "[DONE]")
    return malformed(endpoint, "a stream without events");
  const chunk = parse(event.data);
  if (!isRecord(chunk)) return malformed(endpoint, "a stream that does not begin with JSON");
  if (chunk["error"]) return hiddenError(chunk, endpoint);
  if (!Array.isArray(chunk["choices"])) return malformed(endpoint, "a stream without choices");
  return undefined;
}

/** What the vendor says went wrong in the middle of a stream, or undefined for an ordinary event. */
export function errorInEvent(event: SseEvent, endpoint: Endpoint): string | undefined {
  if (!event.data.includes('"error"')) return undefined; // Most chunks need no second parsing.
  const chunk = parse(event.data);
  if (!isRecord(chunk) || !chunk["error"]) return undefined;
  return vendorMessage(chunk, endpoint) ?? `${endpoint.vendor.name} broke off`;
}

/** The failure of a vendor that answered something, but no answer. */
export function malformed({ vendor }: Endpoint, what: string): UpstreamFailure {
  const message = `${vendor.name} sent ${what}`;
  return { kind: "failure", reason: "malformed", message, isRetryable: true };
}

function hiddenError(body: Record<string, unknown>, endpoint: Endpoint): UpstreamFailure {
  const message =
    vendorMessage(body, endpoint) ?? `${endpoint.vendor.name} sent an error in place of an answer`;
  return { kind: "failure", reason: "vendor_error", message, isRetryable: true };
}

const MAX_MESSAGE_LENGTH = 400;
/** Vendors' keys begin with a short prefix or, like some echoed ones, are masked by asterisks. */
const KEY_LIKE = /\b(?:(?:sk|gsk|xai|tgp|fw)[-_]|AIza)[-_A-Za-z0-9*.]{8,}/g;

/** "OpenAI: <what it said>", where it said something in any of the shapes that vendors use. */
function vendorMessage(body: unknown, { vendor, key }: Endpoint): string | undefined {
  const said = messageIn(body);
  if (said === undefined) return undefined;
  const safe = (key === undefined ? said : said.replaceAll(key, "[key]"))
    .replaceAll(KEY_LIKE, "[key]")
    .replaceAll(/\p{C}+/gu, " ")
    .trim();
  const short = safe.length > MAX_MESSAGE_LENGTH ? `${safe.slice(0, MAX_MESSAGE_LENGTH)}…` : safe;
  return `${vendor.name}: ${short}`;
}

function messageIn(body: unknown): string | undefined {
  if (!isRecord(body)) return Array.isArray(body) ? messageIn(body[0]) : undefined;
  const { error, message, detail } = body;
  if (typeof error === "string") return error;
  if (isRecord(error) && typeof error["message"] === "string") return error["message"];
  if (typeof message === "string") return message;
  if (typeof detail === "string") return detail;
  const nested = detail ?? message;
  return nested === undefined ? undefined : JSON.stringify(nested);
}

function withoutDeveloperRole(message: ChatRequest["messages"][number]) {
  return message.role === "developer" ? { ...message, role: "system" } : message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
