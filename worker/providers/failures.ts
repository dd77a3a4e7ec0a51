/**
 * What a vendor's refusals mean, in whatever wire format they come: a status, an error object, an answer
 * that is none. Pure.
 *
 * Whether another vendor is tried depends on whose fault it is: a request that the vendor finds wrong
 * (400, 422) is the client's and goes back to it; a key or a model name that the vendor refuses (401,
 * 402, 403, 404) is the deployment's, and so is a limit; those, like the vendor's own troubles, are
 * retried elsewhere. Two refusals of a request are worth another model: one that is too long for this
 * model's window, and one that this vendor's content filter did not like. They are known by the code
 * that vendors give them, and where there is none by words that no other refusal has.
 *
 * Vendors' messages are quoted to the client, since they alone name the field at fault, but cut short
 * and with everything that looks like a key removed. What a vendor says about our key is not quoted.
 */
import type { FailureReason, UpstreamFailure } from "../domain/upstream.ts";
import { isRecord, jsonIn } from "../lib/json.ts";
import { readRetryAfterMs } from "../lib/retry-after.ts";
import type { Endpoint } from "./endpoints.ts";

/** The failure that a status other than 2xx stands for. @param text As much of the body as was read. */
export function readStatus(
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
  { endpoint, nowMs }: { endpoint: Endpoint; nowMs: number },
): UpstreamFailure {
  const { name } = endpoint.vendor;
  const body = jsonIn(text);
  const isOurs = status === 400 && isOursIn400(body);
  const reason = isOurs ? "vendor_error" : reasonOf(status, body);
  const isOurKey = isOurs || ([401, 402, 403].includes(status) && reason === "vendor_error");
  const said = isOurKey ? undefined : vendorMessage(body, endpoint);
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
const OURS_IN_400 = new Set<unknown>(["API_KEY_INVALID", "FAILED_PRECONDITION"]);

/** Looks where Google says it, and nowhere that could repeat a client's words: it opens the key's circuit. */
function isOursIn400(body: unknown): boolean {
  const said: unknown = Array.isArray(body) ? body[0] : body;
  if (!isRecord(said) || !isRecord(said["error"])) return false;
  const { status, details } = said["error"];
  const reasons = Array.isArray(details) ? details.filter(isRecord) : [];
  return OURS_IN_400.has(status) || reasons.some(({ reason }) => OURS_IN_400.has(reason));
}

/** Google says in its error's details how long to wait. At most 10,000 s. */
function retryDelayMs(text: string): number | undefined {
  const [, seconds] = /"retryDelay":\s*"(\d{1,4}(?:\.\d{1,9})?)s"/.exec(text) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function reasonOf(status: number, body: unknown): FailureReason {
  const isOfRequest = [400, 403, 413, 422].includes(status);
  const said = isOfRequest ? reasonIn(body) : undefined;
  return said ?? REASON_OF[status] ?? (status >= 400 && status < 500 ? "rejected" : "vendor_error");
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

/** The failure of an answer of which the vendor's filter has left nothing. */
export function emptied({ vendor }: Endpoint): UpstreamFailure {
  const message = `${vendor.name}'s content filter has left nothing of its answer`;
  const reason = "content_filtered";
  return { kind: "failure", reason, message, isRetryable: true, mayBeBilled: true };
}

/** The failure of a vendor that put an error object where its answer should be. */
export function hiddenError(body: Record<string, unknown>, endpoint: Endpoint): UpstreamFailure {
  const message =
    vendorMessage(body, endpoint) ?? `${endpoint.vendor.name} sent an error in place of an answer`;
  return { kind: "failure", reason: reasonIn(body) ?? "vendor_error", message, isRetryable: true };
}

/** Codes and types of error objects that stand for one of the two refusals worth another model. */
const REASON_OF_CODE: Readonly<Record<string, FailureReason>> = {
  context_length_exceeded: "context_overflow", // OpenAI, Groq, DeepSeek, Azure
  exceed_context_size_error: "context_overflow", // llama.cpp
  content_filter: "content_filtered", // Azure
  content_policy_violation: "content_filtered", // OpenAI, Azure
  invalid_prompt: "content_filtered", // OpenAI's reasoning models, as the next three
  bio_policy: "content_filtered",
  misalignment_policy_violation: "content_filtered",
  image_content_policy_violation: "content_filtered",
  ResponsibleAIPolicyViolation: "content_filtered", // Azure, one level down
};

/** OpenAI and vLLM, xAI, Anthropic, Google, Together, Mistral. */
const OVERFLOW_WORDS =
  /maximum (?:context|prompt) length|prompt is too long|exceeds? (?:the )?(?:context limit|context window|maximum number of tokens allowed)|max_new_tokens`? must be <=|too large for model with \d+/i;
/** DeepSeek, xAI, Anthropic, OpenRouter. */
const FILTER_WORDS =
  /content exists risk|violates usage guidelines|blocked by content filtering|input was flagged/i;

function reasonIn(body: unknown): FailureReason | undefined {
  if (Array.isArray(body)) return reasonIn(body[0]);
  if (!isRecord(body)) return undefined;
  const error = isRecord(body["error"]) ? body["error"] : body;
  const inner = isRecord(error["innererror"]) ? error["innererror"] : {};
  for (const word of [error["code"], inner["code"], error["type"]])
    if (typeof word === "string" && Object.hasOwn(REASON_OF_CODE, word))
      return REASON_OF_CODE[word];
  const said = messageIn(body) ?? "";
  if (OVERFLOW_WORDS.test(said)) return "context_overflow";
  return FILTER_WORDS.test(said) ? "content_filtered" : undefined;
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
  const { error, errors, message, detail } = body;
  if (typeof error === "string") return error;
  if (isRecord(error) && typeof error["message"] === "string") return error["message"];
  if (typeof message === "string") return message;
  if (Array.isArray(errors) && errors.length > 0) return messageIn(errors); // Cloudflare's
  if (typeof detail === "string") return detail;
  const nested = detail ?? message;
  return nested === undefined ? undefined : jsonOf(nested);
}

/** A value that is nested deeper than the stack can follow has no text. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
