/** What a client is told when a budget or a limit says no: which, how much is left, and when to come back. */
import { RouterError } from "../domain/errors.ts";
import { formatUsd } from "../domain/money.ts";
import type { Entry } from "./accounts.ts";

/** A hard budget cannot hold what the request may cost. Asking again does not help until it begins anew. */
export function budgetSpent({ standing }: Entry, ask: { asks: number; left: number }): RouterError {
  const { scope, id, window, model, limit = 0, resetsMs } = standing;
  const which = `${scope} ${id}'s ${window} budget${model === undefined ? "" : ` for ${model}`}`;
  const until = resetsMs === undefined ? "" : ` It changes at ${new Date(resetsMs).toISOString()}.`;
  return new RouterError(
    "insufficient_quota",
    `The ${which} of $${formatUsd(limit)} has $${formatUsd(ask.left)} left, and this request may cost ` +
      `$${formatUsd(ask.asks)}.${until} GET /v1/budget shows all of it`,
    { code: "insufficient_quota" },
  );
}

/** A rate limit is reached; it comes back slot by slot. */
export function limitReached(
  { account, standing }: Entry,
  { asks, nowMs }: { asks: number; nowMs: number },
): RouterError {
  const { scope, id, window, unit, limit = 0, resetsMs } = standing;
  const rate =
    unit === "concurrent" ? `${limit} requests at once` : `${limit} ${unit} in ${window}`;
  if (asks > limit)
    return new RouterError(
      "rate_limit_error",
      `This request needs about ${asks} ${unit}, and the ${scope} ${id} may use ${rate}: it never fits`,
      { code: "request_too_large" },
    );
  const retryAfterMs = unit === "concurrent" ? BUSY_MS : Math.max((resetsMs ?? nowMs) - nowMs, 1);
  return new RouterError(
    "rate_limit_error",
    `The ${scope} ${id} has reached its limit of ${rate} (${account.name})`,
    { code: "rate_limit_exceeded", isRetryable: true, retryAfterMs },
  );
}

/** Nobody knows when one of the requests under way ends. */
const BUSY_MS = 1_000;

/** The key, or all keys of the tenant, were turned off at once. */
export function keyShut(gate: string): RouterError {
  return new RouterError("authentication_error", `The ${gate.replace(":", " ")} has been revoked`, {
    code: "revoked_api_key",
    param: "authorization",
  });
}

/** Without its ledger a hard budget lets nobody through. */
export function ledgerUnreachable(why: string): RouterError {
  return new RouterError("server_error", `The request cannot be paid for at the moment: ${why}`, {
    code: "ledger_unreachable",
    status: 503,
    isRetryable: true,
  });
}
