/**
 * Errors on the wire: OpenAI's error object, whatever went wrong.
 *
 * Clients retry every 429, 408, 409 and 5xx by themselves. Where a second try cannot help they are stopped
 * by a status that none of them retries (402 when money has run out), and the official SDKs, which read it,
 * by `x-should-retry: false`: also when the deployment lacks a secret or cannot be built.
 *
 * A request that nobody answered may have cost something all the same: then the error says so, too.
 */
import { errorBody, RouterError } from "../../domain/errors.ts";
import { formatUsd } from "../../domain/money.ts";

/** Codes of errors that only the deployment's owner can mend. */
const HOPELESS = new Set(["no_vendor_key", "no_key_secret", "misconfigured", "request_too_large"]);

/** An error as a wire format shows it. */
interface ShownError {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The response of an error. What is no RouterError is a defect of ours and says nothing about itself.
 * @param show The error in the client's format; OpenAI's when left out.
 */
export function errorResponse(
  error: unknown,
  show: (error: RouterError) => ShownError = openAiError,
): Response {
  const known = error instanceof RouterError ? error : internalError(error);
  const headers = new Headers({ "content-type": "application/json" });
  if (known.retryAfterMs !== undefined) {
    headers.set("retry-after", String(Math.ceil(known.retryAfterMs / 1000)));
    headers.set("retry-after-ms", String(Math.ceil(known.retryAfterMs)));
  }
  if (known.type === "insufficient_quota" || HOPELESS.has(known.code))
    headers.set("x-should-retry", "false");
  if (known.spentMicroUsd > 0) headers.set("x-sluice-cost-usd", formatUsd(known.spentMicroUsd));
  if (known.status === 401) headers.set("www-authenticate", "Bearer");
  const { status, body } = show(known);
  return new Response(JSON.stringify(body), { status, headers });
}

function openAiError(error: RouterError): ShownError {
  return { status: error.status, body: errorBody(error) };
}

function internalError(cause: unknown): RouterError {
  return new RouterError("server_error", "Something went wrong in the router itself", {
    code: "internal_error",
    cause,
  });
}

/** 405 for a path that knows these other methods. */
export function methodNotAllowed(method: string, allowed: string): RouterError {
  return new RouterError("invalid_request_error", `${method} is not known here; use ${allowed}`, {
    code: "method_not_allowed",
    status: 405,
  });
}

/** 404 for a path that nobody serves. */
export function unknownPath(method: string, path: string): RouterError {
  return new RouterError(
    "not_found_error",
    `There is no ${method} ${JSON.stringify(path.slice(0, 100))}; GET /openapi.json lists what there is`,
    { code: "unknown_path" },
  );
}
