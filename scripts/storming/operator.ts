/**
 * The operator of a storm: makes whom a budget holds, reads where it stands, and what was cut or has lapsed. All of it
 * through the same doors as anybody's.
 */
import { budgetAnswer, issuedAnswer, readList, unbilledAnswer } from "../administration/answers.ts";
import { connect, type Connection } from "../administration/connection.ts";

/** Where the budget stands, micro-dollars. */
export interface Standing {
  readonly spent: number;
  readonly held: number;
}

/** A request that was cut, or whose isolate has not lived to settle it, and what is booked for it. */
export interface UnbilledCall {
  readonly requestId: string;
  readonly isLapsed: boolean;
  readonly microUsd: number;
}

/** Makes a tenant that pays for itself, with a key. @param limitMicroUsd Its hard budget; without one it has none. */
export async function makeTenant(
  operator: Connection,
  { id, limitMicroUsd }: { id: string; limitMicroUsd?: number },
): Promise<{ readonly key: string }> {
  const budgets =
    limitMicroUsd === undefined ? [] : [{ window: "total", limit_usd: limitMicroUsd / 1e6 }];
  await operator.ask("POST", "/admin/tenants", { id, budgets });
  const issued = issuedAnswer.parse(await operator.ask("POST", `/admin/tenants/${id}/keys`, {}));
  return { key: issued.secret };
}

/** Connects to the worker's /admin with the secret that it was given. */
export function operatorOf(url: string, secret: string): Connection {
  return connect(url, { SLUICE_ADMIN_KEY: secret });
}

/** The budget of everything ever, as its tenant is shown it. */
export async function standingOf({ url, key }: { url: string; key: string }): Promise<Standing> {
  const response = await fetch(`${url}/v1/budget`, { headers: { authorization: `Bearer ${key}` } });
  const { budgets } = budgetAnswer.parse(await response.json());
  const total = budgets.find(({ window }) => window === "total");
  if (total === undefined) throw new Error("The tenant of the storm has lost its budget.");
  const { spent_usd: spentUsd, held_usd: heldUsd } = total;
  return { spent: microUsd(spentUsd), held: microUsd(heldUsd) };
}

/** Up to a thousand. */
export async function unbilledCalls(
  operator: Connection,
  tenant: string,
): Promise<readonly UnbilledCall[]> {
  const answer = await operator.ask("GET", `/admin/organisations/${tenant}/unbilled`);
  return readList(unbilledAnswer, answer).map(({ request_id: requestId, why, amounts }) => {
    const own = amounts.find(({ account }) => account === `tenant:${tenant}/usd/total`);
    return { requestId, isLapsed: why === "lapsed", microUsd: own?.amount ?? 0 };
  });
}

function microUsd(usd: number): number {
  return Math.round(usd * 1e6);
}
