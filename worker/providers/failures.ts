/**
 * What a vendor's refusals mean, in whatever wire format they come: a status, an error object, an answer
 * that is none. Pure.
 *
 * Whether another vendor is tried depends on whose fault it is: a request that the vendor finds wrong
 * (400, 422) is the client's and goes back to it; a key or a model name that the vendor refuses (401,
 * 402, 403, 404) is the deployment's, and so is a limit; those, like the vendor's own troubles, are
 * retried elsewhere.
 *
 * Vendors' messages are quoted to the client, since they alone name the field at fault, but cut short
 * and with everything that looks like a key removed. What a vendor says about our key is not quoted.
 */
import type { FailureReason, UpstreamFailure } from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import type { Endpoint } from "./endpoints.ts";
import { readRetryAfterMs } from "./retry-after.ts";

/** The failure that a status other than 2xx stands for. @param text As much of the body as was read. */
export function readStatus(
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
  { endpoint, nowMs }: { endpoint: Endpoint; nowMs: number },
): UpstreamFailure {
  const { name } = endpoint.vendor;
  const isOurs = status === 400 && OURS_IN_400.test(text);
  const isRejection = status >= 400 && status < 500 && !isOurs;
  const reason = REASON_OF[status] ?? (isRejection ? "rejected" : "vendor_error");
  const isOurKey = isOurs || status === 401 || status === 402 || status === 403;
  const said = isOurKey ? undefined : vendorMessage(jsonIn(text), endpoint);
  const retryAfterMs = readRetryAfterMs(headers, nowMs) ?? retryDelayMs(text);
  return {
    kind: "failure",
    reason,
    status,
    message: said ?? `${name} answered with status ${status}`,
    isRetryable: reason !== "rejected",
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Google answers 400 to a wrong key, and to an account that may not call from where it does. */
const OURS_IN_400 = /"(API_KEY_INVALID|FAILED_PRECONDITION)"/;

/** Google says in its error's details how long to wait. At most 10,000 s. */
function retryDelayMs(text: string): number | undefined {
  const [, seconds] = /"retryDelay":\s*"(\d{1,4}(?:\.\d{1,9})?)s"/.exec(text) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
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

/** The failure of a vendor that answered something, but no answer. */
export function malformed({ vendor }: Endpoint, what: string): UpstreamFailure {
  const message = `${vendor.name} sent ${what}`;
  return { kind: "failure", reason: "malformed", message, isRetryable: true };
}

/** The failure of a vendor that put an error object where its answer should be. */
export function hiddenError(body: Record<string, unknown>, endpoint: Endpoint): UpstreamFailure {
  const message =
    vendorMessage(body, endpoint) ?? `${endpoint.vendor.name} sent an error in place of an answer`;
  return { kind: "failure", reason: "vendor_error", message, isRetryable: true };
}

const MAX_MESSAGE_LENGTH = 400;
/** Vendors' keys begin with a short prefix or, like some echoed ones, are masked by asterisks. */
const KEY_LIKE = /\b(?:(?:sk|gsk|xai|tgp|fw)[-_]|AIza)[-_A-Za-z0-9*.]{8,}/g;

/** "OpenAI: <what it said>", where it said something in any of the shapes that vendors use. */
export function vendorMessage(body: unknown, { vendor, key }: Endpoint): string | undefined {
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

/** The value of a JSON text, or undefined. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
