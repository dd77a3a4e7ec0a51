/** What headers and `/v1/budget` say of standings: the tightest, in every convention, and nothing that breaks a header. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { entriesOf } from "../../../../worker/budget/accounts.ts";
import { Calendars } from "../../../../worker/budget/windows.ts";
import type { Standing } from "../../../../worker/domain/standing.ts";
import type { Caller } from "../../../../worker/domain/tenant.ts";
import { budgetView, budgetViewSchema } from "../../../../worker/http/wire/budget-view.ts";
import { standingHeaders } from "../../../../worker/http/wire/standing-headers.ts";
import { callerWith } from "../../fixture/callers.ts";
import { MADE_UP_CALLERS } from "../../fixture/made-up-callers.ts";

const NOW_MS = Date.UTC(2026, 10, 25, 13, 14, 15);

type Counts = Pick<Standing, "spent" | "held">;

/** The caller's standings, each with the counts of its place in the list. */
function standingsOf(caller: Caller, counts: readonly Counts[]): Standing[] {
  return entriesOf(caller, new Calendars(), NOW_MS).map(({ account, standing }, at) => ({
    ...standing,
    account: account.name,
    ...(counts[at % counts.length] ?? { spent: 0, held: 0 }),
  }));
}

function headersOf(given: Parameters<typeof callerWith>[0], ...counts: Counts[]) {
  return standingHeaders(standingsOf(callerWith(given), counts), NOW_MS);
}

function budget(limitUsd: number, more: Record<string, unknown> = {}) {
  return { window: "total", limit_usd: limitUsd, ...more };
}

describe("headers of standings", () => {
  it("are none where nothing is limited", ({ expect }) => {
    expect(headersOf({}, { spent: 5, held: 0 })).toEqual({});
  });

  it("show the hard budget that has least left, though a soft one has less", ({ expect }) => {
    const headers = headersOf(
      {
        organisation: { budgets: [budget(0.00009)] },
        tenant: { budgets: [budget(0.00008)] },
        key: { budgets: [budget(0.00007, { kind: "soft" })] },
      },
      { spent: 20, held: 10 },
    );
    expect(headers).toEqual({
      "x-sluice-budget-limit-usd": "0.000080",
      "x-sluice-budget-remaining-usd": "0.000050",
      "x-sluice-budget-held-usd": "0.000010",
    });
  });

  it("warn of every soft budget that is spent", ({ expect }) => {
    const model = 'a/b"c';
    const soft = { kind: "soft" };
    const budgets = [
      budget(0.00001, { ...soft, model }),
      budget(0.00002, soft),
      budget(1, { ...soft, window: "day" }),
    ];
    const headers = headersOf({ tenant: { budgets } }, { spent: 20, held: 0 });
    expect(headers["x-sluice-budget-warning"]).toBe(
      "tenant-usd-total-a%2Fb%22c is spent, tenant-usd-total is spent",
    );
  });

  it("never say that less than nothing is left", ({ expect }) => {
    const headers = headersOf(
      { tenant: { budgets: [budget(1)] }, key: { limits: [{ unit: "tokens", limit: 9 }] } },
      { spent: 2_000_000, held: 1 },
    );
    expect(headers).toMatchObject({
      "x-sluice-budget-remaining-usd": "0.000000",
      "x-ratelimit-remaining-tokens": "0",
      ratelimit: expect.stringMatching(/^"key-tokens-60s";r=0;t=\d+$/),
    });
  });

  const COUNTS = fc.array(
    fc.record({ spent: fc.nat({ max: 2 ** 50 }), held: fc.nat({ max: 2 ** 50 }) }),
    { minLength: 1, maxLength: 9 },
  );

  it("are printable ASCII and numbers that hold, whoever calls", ({ expect }) => {
    fc.assert(
      fc.property(MADE_UP_CALLERS, COUNTS, (caller, counts) => {
        const standings = standingsOf(caller, counts);
        const headers = standingHeaders(standings, NOW_MS);
        for (const [name, value] of Object.entries(headers)) {
          expect(value, name).toMatch(/^[\x20-\x7e]*$/);
          if (name.endsWith("-usd")) expect(value, name).toMatch(/^\d+\.\d{6}$/);
        }
        expect([...new Headers(headers).keys()]).toEqual(Object.keys(headers).toSorted());
      }),
    );
  });

  it("go with a view that its own schema admits, and that is JSON", ({ expect }) => {
    fc.assert(
      fc.property(MADE_UP_CALLERS, COUNTS, (caller, counts) => {
        const standings = standingsOf(caller, counts);
        const view = budgetView(caller, { standings, prices: new Map() });
        expect(budgetViewSchema.parse(JSON.parse(JSON.stringify(view)))).toEqual(view);
        expect(view.budgets.length + view.limits.length).toBe(
          standings.filter(({ unit, limit }) => unit === "usd" || limit !== undefined).length,
        );
      }),
    );
  });

  it("have the price of each paced budget and of no other", ({ expect }) => {
    const day = budget(1, { window: "day", is_paced: true });
    const caller = callerWith({
      organisation: { budgets: [day] },
      tenant: { budgets: [day, budget(1)] },
    });
    const standings = standingsOf(caller, []);
    const prices = new Map([
      ["acme organisation:acme/usd/day", 0.25],
      ["other tenant:shop/usd/day", 9],
    ]);
    const { budgets } = budgetView(caller, { standings, prices });
    expect(budgets.map((one) => one.quality_per_usd)).toEqual([0.25, null, undefined, undefined]);
  });
});
