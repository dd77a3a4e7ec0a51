/** Where budgets and rate limits stand: the whole of `/v1/budget`, and of what operators see of a tenant. */
import { RouterError } from "../domain/errors.ts";
import type { PacedBudget, Standing } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import { paceOf } from "./pace.ts";
import type { Deps } from "./ports.ts";

export interface BudgetShown {
  readonly standings: readonly Standing[];
  /** Score per dollar that paced budgets ask of the next request, by account. */
  readonly prices: ReadonlyMap<string, number>;
}

/** Of callers of one tenant, in one reading. Throws RouterError 503 where the ledger cannot be asked. */
export async function showBudget(
  callers: readonly [Caller, ...Caller[]],
  { purses, pace }: Pick<Deps, "purses" | "pace">,
): Promise<BudgetShown> {
  try {
    const standings = await purses.standings(callers);
    const prices = new Map<string, number>();
    for (const budget of await pacedOf(callers, purses)) {
      const price = paceOf([budget], pace)?.qualityPerUsd;
      if (price !== undefined) prices.set(budget.account, price);
    }
    return { standings, prices };
  } catch (cause) {
    throw ledgerUnreachable(cause);
  }
}

/** What the callers share is known with the first of them; only a key's own budgets are to be asked for beside it. */
async function pacedOf(
  [first, ...others]: readonly [Caller, ...Caller[]],
  purses: Deps["purses"],
): Promise<readonly PacedBudget[]> {
  const shared = await purses.paced(first);
  const paced = others.filter(({ key }) => key.budgets.some(({ is_paced: isPaced }) => isPaced));
  const own = await Promise.all(paced.map((caller) => purses.paced(caller)));
  return [...shared, ...own.flat()];
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
