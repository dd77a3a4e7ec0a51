/**
 * The one error of the service. It is thrown for what the caller cannot go on from, carries all that
 * the client may know, and is turned into a response in one place (http/middleware/errors.ts).
 *
 * `message` and `param` reach the client: name the offending value and the remedy, never a key, a
 * vendor's secret or an internal address. `cause` stays in the log.
 */

import { z } from "zod";
import type { Standing } from "./standing.ts";

const errorTypeSchema = z.enum([
  "invalid_request_error",
  "authentication_error",
  "permission_error",
  "not_found_error",
  "rate_limit_error",
  "insufficient_quota",
  "server_error",
  "timeout_error",
]);

/** What kind of error it is, in OpenAI's words. */
export type ErrorType = z.infer<typeof errorTypeSchema>;

/** The status that each type goes out under by default. 402 is the one for money that every client's SDK stops at. */
export const STATUS_OF: Readonly<Record<ErrorType, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
  insufficient_quota: 402,
  server_error: 500,
  timeout_error: 504,
};

export interface ErrorDetails {
  /** A stable word that programs may branch on, such as "unknown_model". */
  readonly code: string;
  /** The field or header at fault. */
  readonly param?: string;
  /** Overrides the status of the type: 413, 415, 405, 502, 503 … */
  readonly status?: number;
  /** Another attempt, elsewhere or later, may succeed. */
  readonly isRetryable?: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class RouterError extends Error {
  override readonly name = "RouterError";
  readonly type: ErrorType;
  readonly code: string;
  readonly param: string | undefined;
  readonly status: number;
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** What vendors may bill for the request all the same; whoever settles it says so here. */
  spentMicroUsd = 0;
  /** Where the caller's budgets and limits stand, as far as the request has found out. */
  standings: readonly Standing[] = [];

  constructor(type: ErrorType, message: string, details: ErrorDetails) {
    super(message, { cause: details.cause });
    this.type = type;
    this.code = details.code;
    this.param = details.param;
    this.status = details.status ?? STATUS_OF[type];
    this.isRetryable = details.isRetryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** OpenAI's error object. */
export const errorBodySchema = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: errorTypeSchema,
    param: z.string().nullable(),
    code: z.string(),
  }),
});

type ErrorBody = z.infer<typeof errorBodySchema>;

export function errorBody({ message, type, param, code }: RouterError): ErrorBody {
  return { error: { message, type, param: param ?? null, code } };
}
