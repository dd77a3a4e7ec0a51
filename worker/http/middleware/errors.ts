/**
 * The one place where an error becomes an answer. What the client cannot mend goes to the log too; a
 * defect of ours is logged with its message, which no client ever sees.
 */
import { RouterError } from "../../domain/errors.ts";
import type { HttpContext } from "../context.ts";
import { isMessagesPath, messagesError } from "../wire/anthropic/errors.ts";
import { errorResponse } from "../wire/errors.ts";
import { standingHeaders } from "../wire/standing-headers.ts";

export function onError(error: unknown, context: HttpContext): Response {
  const { tag, deps } = context.var;
  const isKnown = error instanceof RouterError;
  const status = isKnown ? error.status : 500;
  deps.pipeline.log.write(status >= 500 ? "error" : "info", "request_failed", {
    request_id: tag.id,
    path: context.req.path,
    status,
    code: isKnown ? error.code : "internal_error",
    cause: causeOf(isKnown ? error.cause : error),
    duration_ms: deps.pipeline.clock.nowMs() - tag.startedMs,
  });
  return errorAnswer(error, context);
}

/** The response of an error, in the format of the route that was asked for. */
export function errorAnswer(error: unknown, { req, var: { tag, deps } }: HttpContext): Response {
  const response = isMessagesPath(req.path)
    ? errorResponse(error, (known) => messagesError(known, tag.id))
    : errorResponse(error);
  const standings = error instanceof RouterError ? error.standings : [];
  const headers = standingHeaders(standings, deps.pipeline.clock.nowMs());
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function causeOf(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : "not an error";
}
