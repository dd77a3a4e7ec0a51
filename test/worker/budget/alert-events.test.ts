/** Which events settlements make, and what they say, over accounts as the ledger knows them. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  alertOf,
  alertSchema,
  alertsOf,
  refusalOf,
  type AlertDraft,
} from "../../../worker/budget/alert-events.ts";
import type { Caller } from "../../../worker/domain/tenant.ts";
import { ALERT, callerWith, entriesAt, NOW } from "./made-up-alert.ts";

/** Micro-dollars that the account of a caller's first budget had spent, and has. */
interface Step {
  readonly before?: number;
  readonly after: number;
  readonly held?: number;
}

function settle(caller: Caller, { before = 0, after, held = 0 }: Step, nowMs = NOW): AlertDraft[] {
  const entries = entriesAt(caller, nowMs);
  const { name } = entries[0]!.account;
  const balances = [{ name, spentBefore: before, spent: after, held }];
  return alertsOf(caller, entries, { balances });
}

function typesOf(drafts: readonly AlertDraft[]): string[] {
  return drafts.map(({ type }) => type);
}

const TENANT = callerWith({ tenant: {} });

describe("the events of a settlement", () => {
  it("name the budget, what was spent and every share that was reached", async ({ expect }) => {
    const drafts = settle(TENANT, { before: 4_000_000, after: 8_500_000, held: 20_000 });
    expect(drafts).toHaveLength(1);
    const alert = await alertOf(drafts[0]!, Date.parse(ALERT.timestamp));
    expect(alert).toEqual({ ...ALERT, id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) });
    expect(alertSchema.parse(structuredClone(alert))).toEqual(alert);
  });

  it("say whose budget it is, of which model, and only the times that its window has", ({
    expect,
  }) => {
    const key = callerWith({ key: { window: "total", model: "openai/gpt-5.4" } });
    const [ofKey] = settle(key, { after: 5_000_000 });
    expect(ofKey?.data).toEqual({
      organisation: "acme",
      tenant: "sales",
      key: "key_1",
      model: "openai/gpt-5.4",
      window: "total",
      time_zone: "UTC",
      limit_usd: 10,
      spent_usd: 5,
      held_usd: 0,
      share: 0.5,
      shares: [0.5],
    });
    const hours = callerWith({ organisation: { window: "rolling", hours: 6 } });
    const [ofOrganisation] = settle(hours, { after: 5_000_000 });
    expect(ofOrganisation?.data).toMatchObject({ window: "rolling", hours: 6 });
    for (const name of ["tenant", "key", "window_starts_at", "resets_at"])
      expect(ofOrganisation?.data).not.toHaveProperty(name);
  });

  it.for<[string, number, number, string[]]>([
    ["nothing below a share", 0, 4_999_999, []],
    ["a share that is reached exactly", 4_999_999, 5_000_000, ["budget.threshold"]],
    ["nothing of a share that was reached before", 5_000_000, 5_000_001, []],
    ["nothing of a repeat", 5_000_000, 5_000_000, []],
    ["nothing when a hold that had lapsed is corrected", 6_000_000, 4_000_000, []],
    ["the limit, which is a share too", 9_000_000, 10_000_000, ["budget.threshold"]],
    ["nothing beyond the limit of a hard budget", 10_000_000, 10_000_001, []],
  ])("are %s", ([, before, after, types], { expect }) => {
    expect(typesOf(settle(TENANT, { before, after }))).toEqual(types);
  });

  it.for<[number, number, string[]]>([
    [9_999_999, 10_000_000, ["budget.threshold"]],
    [10_000_000, 10_000_001, ["budget.exceeded"]],
    [10_000_001, 10_000_002, []],
    [0, 10_000_001, ["budget.threshold", "budget.exceeded"]],
  ])("of a soft budget from %i to %i are %s", ([before, after, types], { expect }) => {
    const soft = callerWith({ tenant: { kind: "soft" } });
    expect(typesOf(settle(soft, { before, after }))).toEqual(types);
  });

  it("are of each budget by its own limit, and of nothing else that was booked", ({ expect }) => {
    const caller = callerWith({
      organisation: {},
      tenant: { limit_usd: 4 },
      key: { limit_usd: 1 },
    });
    const entries = entriesAt(caller);
    const balances = entries.map(({ account: { name } }) => ({
      name,
      spentBefore: 0,
      spent: 2_000_000,
      held: 0,
    }));
    expect(entries.length).toBeGreaterThan(3);
    expect(alertsOf(caller, entries, { balances })).toMatchObject([
      { data: { tenant: "sales", limit_usd: 4, shares: [0.5] } },
      { data: { key: "key_1", limit_usd: 1, shares: [0.5, 0.8, 1] } },
    ]);
  });

  it("take a share of a budget in whole micro-dollars", ({ expect }) => {
    const caller = callerWith({ tenant: { limit_usd: 0.0001, alerts: [0.07, 0.001] } });
    expect(settle(caller, { after: 1 })).toMatchObject([{ data: { shares: [0.001] } }]);
    expect(settle(caller, { before: 6, after: 7 })).toMatchObject([{ data: { shares: [0.07] } }]);
  });
});

async function idOf(draft: AlertDraft | undefined, nowMs = NOW): Promise<string> {
  return (await alertOf(draft!, nowMs)).id;
}

describe("ids", () => {
  it("are the same whenever and by whomever an event is made, and of no other event", async ({
    expect,
  }) => {
    const half = { after: 5_000_000 };
    const id = await idOf(settle(TENANT, half)[0]);
    expect(await idOf(settle(TENANT, { after: 5_100_000 }, NOW + 1)[0], NOW + 2)).toBe(id);
    const { organisation, tenant } = TENANT;
    const entry = entriesAt(TENANT)[0]!;
    const balance = { name: entry.account.name, spent: 5_000_000, held: 0 };
    const others = [
      settle(TENANT, { after: 8_000_000 })[0],
      settle({ ...TENANT, organisation: { ...organisation, id: "other" } }, half)[0],
      settle({ ...TENANT, tenant: { ...tenant, id: "other" } }, half)[0],
      settle(TENANT, half, Date.parse("2026-12-01T00:00:00Z"))[0],
      refusalOf(TENANT, entry, balance),
    ];
    const ids = await Promise.all(others.map((draft) => idOf(draft)));
    expect(new Set([id, ...ids]).size).toBe(6);
  });

  it("of a rolling window change once per its length, not with every slot", async ({ expect }) => {
    const hour = callerWith({ tenant: { window: "rolling", hours: 1 } });
    const ids = await Promise.all(
      [0, 1, 59, 60, 61].map((minute) =>
        idOf(settle(hour, { after: 5_000_000 }, NOW + minute * 60_000)[0]),
      ),
    );
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(new Set(ids.slice(2)).size).toBe(2);
  });
});

describe("however spending is cut into settlements", () => {
  const shares = fc.array(fc.double({ min: 0.001, max: 10, noNaN: true }), { maxLength: 10 });
  const amounts = fc.array(fc.nat(3_000_000), { maxLength: 40 });
  const limitMicroUsd = fc.integer({ min: 1, max: 20_000_000 });

  it("every share is told once, when it is reached, and the limit of a soft budget too", () => {
    fc.assert(
      fc.property(shares, amounts, limitMicroUsd, (alerts, draws, limit) => {
        const caller = callerWith({ tenant: { kind: "soft", limit_usd: limit / 1e6, alerts } });
        let spent = 0;
        const drafts = draws.flatMap((amount) => {
          const before = spent;
          spent += amount;
          const made = settle(caller, { before, after: spent });
          for (const { type, data } of made) {
            // Half a micro-dollar of rounding, and a share of less than one counts as one.
            const isTimely = (data.shares ?? [1])
              .map((share) => share * limit)
              .every((at) => before < Math.max(at, 1) + 0.5 && at - 0.5 <= spent);
            if (!isTimely) throw new Error(`${type} at the wrong time`);
          }
          return made;
        });
        const told = drafts.flatMap(({ data }) => data.shares ?? []);
        const due = [...new Set(alerts)].filter(
          (share) => Math.max(Math.round(share * limit), 1) <= spent,
        );
        return (
          told.length === due.length &&
          due.every((share) => told.includes(share)) &&
          new Set(drafts.map(({ identity }) => identity)).size === drafts.length &&
          drafts.filter(({ type }) => type === "budget.exceeded").length === Number(spent > limit)
        );
      }),
    );
  });
});
