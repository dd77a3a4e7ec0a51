/** A caller with budgets, its accounts as the ledger knows them, and an alert as it lies in the queue. */
import { entriesOf, type Entry } from "../../../worker/budget/accounts.ts";
import type { Alert } from "../../../worker/budget/alert-events.ts";
import { Calendars } from "../../../worker/budget/windows.ts";
import {
  keyTermsSchema,
  organisationSchema,
  tenantSchema,
  type Caller,
} from "../../../worker/domain/tenant.ts";

export const NOW = Date.parse("2026-11-20T12:00:00Z");

/** A key of the tenant sales of acme; a budget is of a month and ten dollars where it does not say otherwise. */
export function callerWith(budgets: {
  readonly organisation?: object;
  readonly tenant?: object;
  readonly key?: object;
}): Caller {
  return {
    organisation: organisationSchema.parse({ id: "acme", ...listOf(budgets.organisation) }),
    tenant: tenantSchema.parse({ id: "sales", ...listOf(budgets.tenant) }),
    key: { ...keyTermsSchema.parse(listOf(budgets.key)), id: "key_1" },
  };
}

function listOf(budget: object | undefined): object {
  return { budgets: budget ? [{ window: "month", limit_usd: 10, ...budget }] : [] };
}

/** The caller's accounts, budgets first. */
export function entriesAt(caller: Caller, nowMs = NOW): Entry[] {
  return entriesOf(caller, new Calendars(), nowMs);
}

export const ALERT: Alert = {
  id: "evt_0123456789abcdef0123456789abcdef",
  type: "budget.threshold",
  timestamp: "2026-11-30T23:59:59.999Z",
  data: {
    organisation: "acme",
    tenant: "sales",
    window: "month",
    time_zone: "UTC",
    limit_usd: 10,
    spent_usd: 8.5,
    held_usd: 0.02,
    share: 0.8,
    shares: [0.5, 0.8],
    window_starts_at: "2026-11-01T00:00:00.000Z",
    resets_at: "2026-12-01T00:00:00.000Z",
  },
};
