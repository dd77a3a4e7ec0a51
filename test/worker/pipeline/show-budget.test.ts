/** What `/v1/budget` is made of, and what is said where the ledger is silent. */
import { describe, it } from "vitest";
import { UNCOUNTED } from "../../../worker/domain/purse.ts";
import type { PacedBudget } from "../../../worker/domain/standing.ts";
import type { Caller } from "../../../worker/domain/tenant.ts";
import { showBudget } from "../../../worker/pipeline/show-budget.ts";
import { PaceBook } from "../../../worker/routing/pace.ts";
import { callerWith } from "../fixture/callers.ts";

function budget(account: string): PacedBudget {
  return { account, remainingMicroUsd: 0, requests: 1, elapsedMs: 1_000, leftMs: 1_000 };
}

function withKey(id: string, isPaced: boolean): Caller {
  const budgets = isPaced ? [{ window: "day", limit_usd: 1, is_paced: true }] : [];
  const caller = callerWith({ key: { budgets } });
  return { ...caller, key: { ...caller.key, id } };
}

describe("showBudget", () => {
  it("has a price for each budget that has seen a request", async ({ expect }) => {
    const pace = new PaceBook();
    const [seen, unseen] = [budget("acme a"), budget("acme b")];
    const offers = [
      { cost: 1, quality: 0.5 },
      { cost: 100, quality: 0.9 },
    ];
    pace.observe(seen.account, offers, seen);
    const purses = {
      open: () => UNCOUNTED,
      standings: async () => [],
      paced: async () => [seen, unseen],
    };
    const { prices } = await showBudget([callerWith()], { purses, pace });
    expect([...prices.keys()]).toEqual(["acme a"]);
    expect(prices.get("acme a")).toBeGreaterThan(0);
  });

  it("has the prices of a key's own budgets, and asks no more keys than have any", async ({
    expect,
  }) => {
    const pace = new PaceBook();
    const offers = [
      { cost: 1, quality: 0.5 },
      { cost: 100, quality: 0.9 },
    ];
    const asked: string[] = [];
    const purses = {
      open: () => UNCOUNTED,
      standings: async () => [],
      async paced({ key }: Caller) {
        asked.push(key.id);
        return [
          budget("acme shared"),
          ...(key.budgets.length > 0 ? [budget(`acme ${key.id}`)] : []),
        ];
      },
    };
    for (const name of ["shared", "own"])
      pace.observe(`acme ${name}`, offers, budget(`acme ${name}`));
    const callers = [
      withKey("none", false),
      withKey("own", true),
      withKey("other", false),
    ] as const;
    const { prices } = await showBudget(callers, { purses, pace });
    expect([...prices.keys()]).toEqual(["acme shared", "acme own"]);
    expect(asked).toEqual(["none", "own"]);
  });

  it("says 503 where the ledger cannot be asked, and not why", async ({ expect }) => {
    const purses = {
      open: () => UNCOUNTED,
      standings: () => Promise.reject(new Error("redis at 10.0.0.7 is down")),
      paced: async () => [],
    };
    const shown = showBudget([callerWith()], { purses, pace: new PaceBook() });
    await expect(shown).rejects.toMatchObject({
      status: 503,
      code: "ledger_unreachable",
      message: expect.not.stringContaining("10.0.0.7"),
    });
  });
});
