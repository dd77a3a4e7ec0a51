/** Where a caller's budgets and rate limits stand: the whole of `/v1/budget`. */
import { RouterError } from "../domain/errors.ts";
import type { Standing } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import { paceOf } from "./pace.ts";
import type { Deps } from "./ports.ts";

export interface BudgetShown {
  readonly standings: readonly Standing[];
  /** Score per dollar that paced budgets ask of the next request, by account. */
  readonly prices: ReadonlyMap<string, number>;
}

/** Throws RouterError 503 where the ledger cannot be asked. */
export async function showBudget(
  caller: Caller,
  { purses, pace }: Pick<Deps, "purses" | "pace">,
): Promise<BudgetShown> {
  try {
    const standings = await purses.standings(caller);
    const paced = await purses.paced(caller);
    const prices = paced.flatMap((budget) => {
      const { qualityPerUsd } = paceOf([budget], pace) ?? {};
      return qualityPerUsd === undefined ? [] : [[budget.account, qualityPerUsd] as const];
    });
    return { standings, prices: new Map(prices) };
  } catch (cause) {
    throw ledgerUnreachable(cause);
  }
}

/** 503: nobody knows what is left. */
export function ledgerUnreachable(cause: unknown): RouterError {
  return new RouterError("server_error", "The ledger cannot be asked at the moment", {
    code: "ledger_unreachable",
    status: 503,
    isRetryable: true,
    cause,
  });
}
