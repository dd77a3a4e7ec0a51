/** Which accounts a caller draws on: their names, limits, slots, and what a request takes from each. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { amountOn, entriesOf, requestsOf, type Entry } from "../../../worker/budget/accounts.ts";
import { Calendars } from "../../../worker/budget/windows.ts";
import { callerWith } from "../fixture/callers.ts";
import { MADE_UP_CALLERS } from "../fixture/made-up-callers.ts";

/** Wednesday 2026-11-25, 13:14:15 UTC. */
const NOW_MS = Date.UTC(2026, 10, 25, 13, 14, 15);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function entries(given: Parameters<typeof callerWith>[0]): Entry[] {
  return entriesOf(callerWith(given), new Calendars(), NOW_MS);
}

function accountsOf(given: Parameters<typeof callerWith>[0]) {
  return entries(given).map(({ account }) => account);
}

function budget(more: Record<string, unknown> = {}) {
  return { window: "day", limit_usd: 1, ...more };
}

describe("accounts", () => {
  it("are of the organisation, then the tenant, then the key, then counted", ({ expect }) => {
    const names = accountsOf({
      organisation: { budgets: [budget()] },
      tenant: { budgets: [budget()], limits: [{ unit: "tokens", limit: 1 }] },
      key: { budgets: [budget()], limits: [{ unit: "concurrent", limit: 1 }] },
    }).map(({ name }) => name);
    expect(names).toEqual([
      "organisation:acme/usd/day",
      "tenant:shop/usd/day",
      "tenant:shop/tokens/60s",
      "key:key_k/usd/day",
      "key:key_k/concurrent/now",
      "tenant:shop/counted-usd/month",
    ]);
  });

  it.for([
    [0.000001, 1],
    [0.1 + 0.2 - 0.3 + 0.29, 290_000],
    [1.005, 1_005_000],
    [999_999_999.999999, 999_999_999_999_999],
    [1_000_000_000, 1_000_000_000_000_000],
  ])("have limits in whole micro-dollars: $%d", ([limitUsd, limit], { expect }) => {
    const limit_usd = Math.round(limitUsd! * 1e6) / 1e6;
    const [account] = accountsOf({ tenant: { budgets: [budget({ limit_usd })] } });
    expect(account).toMatchObject({ unit: "usd", limit, isHard: true });
  });

  it.for([
    [
      { window: "day" },
      { slotMs: Date.UTC(2026, 10, 25), sinceMs: Date.UTC(2026, 10, 25) },
      DAY_MS,
    ],
    [
      { window: "day", time_zone: "America/New_York" },
      { slotMs: Date.UTC(2026, 10, 25, 5), sinceMs: Date.UTC(2026, 10, 25, 5) },
      DAY_MS,
    ],
    [{ window: "week" }, { slotMs: Date.UTC(2026, 10, 23) }, 7 * DAY_MS],
    [{ window: "month" }, { slotMs: Date.UTC(2026, 10, 1) }, 30 * DAY_MS],
  ] as const)("of calendars begin with them: %j", ([window, slots, lengthMs], { expect }) => {
    const [entry] = entries({ tenant: { budgets: [budget(window)] } });
    expect(entry!.account).toMatchObject(slots);
    const { startsMs, resetsMs } = entry!.standing;
    expect(startsMs).toBe(slots.slotMs);
    expect(resetsMs).toBe(slots.slotMs + lengthMs);
  });

  it("of what slides are cut, and of a total have one slot for ever", ({ expect }) => {
    const budgets = [budget({ window: "rolling", hours: 24 }), budget({ window: "total" })];
    const [rolling, total] = entries({ tenant: { budgets } });
    expect(rolling!.account.name).toBe("tenant:shop/usd/rolling-24h");
    expect(rolling!.account.slotMs % (DAY_MS / 60)).toBe(0);
    expect(rolling!.account.sinceMs).toBeLessThanOrEqual(NOW_MS - DAY_MS);
    expect(rolling!.standing.startsMs).toBeUndefined();
    expect(rolling!.standing.resetsMs! - NOW_MS).toBeLessThanOrEqual(DAY_MS / 60);
    expect(total!.account).toMatchObject({ name: "tenant:shop/usd/total", slotMs: 0, sinceMs: 0 });
    expect(total!.standing.resetsMs).toBeUndefined();
  });

  it("of a soft budget and of what is counted refuse nothing", ({ expect }) => {
    const [soft, counted] = accountsOf({ key: { budgets: [budget({ kind: "soft" })] } });
    expect(soft).toMatchObject({ limit: 1_000_000, isHard: false });
    expect(counted).toMatchObject({ name: "tenant:shop/counted-usd/month", isHard: false });
    expect(counted).not.toHaveProperty("limit");
  });

  it("of a paced budget count its requests beside it, in parts, and keep those of the day before", ({
    expect,
  }) => {
    const [money, requests] = entries({ tenant: { budgets: [budget({ is_paced: true })] } });
    const { name, sinceMs } = money!.account;
    expect(money!.standing.isPaced).toBe(true);
    expect(requests!.account).toEqual({
      name: requestsOf(name),
      unit: "requests",
      isHard: false,
      slotMs: NOW_MS - (NOW_MS % (DAY_MS / 48)),
      sinceMs,
      keptMs: sinceMs - DAY_MS,
    });
  });

  it("are none for a key that nobody has minted and nobody limits", ({ expect }) => {
    const caller = callerWith({});
    const deployment = { ...caller, key: { ...caller.key, id: "deployment" } };
    expect(entriesOf(deployment, new Calendars(), NOW_MS)).toEqual([]);
  });

  it("have names of their own, and name nobody but the caller", ({ expect }) => {
    fc.assert(
      fc.property(MADE_UP_CALLERS, (caller) => {
        const found = entriesOf(caller, new Calendars(), NOW_MS);
        const names = found.map(({ account }) => account.name);
        expect(new Set(names).size).toBe(names.length);
        const { organisation, tenant, key } = caller;
        const owners = [
          `organisation:${organisation.id}/`,
          `tenant:${tenant.id}/`,
          `key:${key.id}/`,
        ];
        for (const { account, standing } of found) {
          const { name, slotMs, sinceMs } = account;
          expect(owners.filter((owner) => name.startsWith(owner))).toEqual([
            `${standing.scope}:${standing.id}/`,
          ]);
          expect(sinceMs).toBeLessThanOrEqual(slotMs);
          expect(slotMs).toBeLessThanOrEqual(NOW_MS);
          if (standing.resetsMs !== undefined) expect(standing.resetsMs).toBeGreaterThan(NOW_MS);
        }
      }),
    );
  });
});

describe("amountOn", () => {
  const COSTS = new Map([
    ["openai/large", 30],
    ["groq/tiny", 12],
  ]);

  it.for([
    [{ budgets: [budget()] }, 42],
    [{ budgets: [budget({ model: "openai/large" })] }, 30],
    [{ budgets: [budget({ model: "openai/small" })] }, 0],
    [{ limits: [{ unit: "tokens", limit: 9 }] }, 7],
    [{ limits: [{ unit: "requests", limit: 9 }] }, 1],
    [{ limits: [{ unit: "concurrent", limit: 9 }] }, 1],
  ] as const)("of %j", ([tenant, amount], { expect }) => {
    const [entry] = entries({ tenant });
    expect(amountOn(entry!, COSTS, 7)).toBe(amount);
  });
});
