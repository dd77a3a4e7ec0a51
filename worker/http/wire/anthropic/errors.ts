/**
 * Errors of /v1/messages in Anthropic's shape and by its names, with our `code` beside them.
 *
 * Statuses are those of the other routes.
 *
 * Source: https://platform.claude.com/docs/en/api/errors
 */
import type { ErrorType, RouterError } from "../../../domain/errors.ts";

const TYPE_OF: Record<ErrorType, string> = {
  invalid_request_error: "invalid_request_error",
  authentication_error: "authentication_error",
  permission_error: "permission_error",
  not_found_error: "not_found_error",
  rate_limit_error: "rate_limit_error",
  insufficient_quota: "billing_error",
  server_error: "api_error",
  timeout_error: "timeout_error",
};

/** Whether a path is Anthropic's, served or not, so that its clients read every refusal there. */
export function isMessagesPath(path: string): boolean {
  return path === "/v1/messages" || path.startsWith("/v1/messages/");
}

/** Anthropic's word for the type that an error chunk within a stream names. */
export function typeOfChunkError(type: unknown): string {
  return new Map(Object.entries(TYPE_OF)).get(String(type)) ?? "api_error";
}

/** Anthropic's error object, and the status that it goes out under. */
export function messagesError(error: RouterError, requestId: string) {
  const { type, message, code, param, status } = error;
  const said = status === 413 ? "request_too_large" : TYPE_OF[type];
  return {
    status,
    body: {
      type: "error",
      error: { type: said, message, code, param: param ?? null },
      request_id: requestId,
    },
  };
}
