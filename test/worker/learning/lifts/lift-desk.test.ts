/** Nobody waits for a table, nobody asks for one twice a minute, and one that cannot be reached stays as it was. */
import { describe, it } from "vitest";
import { LiftDesk } from "../../../../worker/learning/lifts/lift-desk.ts";
import type { LiftTable } from "../../../../worker/learning/lifts/lift-table.ts";

function desk(ask: (tenant: string) => Promise<unknown>) {
  let nowMs = 0;
  const asked: string[] = [];
  const own = new LiftDesk({
    clock: { nowMs: () => nowMs },
    ask: async (tenant) => {
      asked.push(tenant);
      return ask(tenant);
    },
  });
  function lift(tenant = "shop") {
    const isExploring = tenant !== "shy";
    return own.of({ tenant, weights: "1@a", demand: [2], isExploring }).lifts.get("a/a");
  }
  return { lift, asked, refresh: () => own.refresh(), pass: (ms: number) => (nowMs += ms) };
}

const TABLE: LiftTable = { "1@a": { "a/a": [0.1, -0.1] } };

describe("the desk of lifts", () => {
  it("has nothing at first, and a table after a refresh", async ({ expect }) => {
    const { lift, refresh, asked } = desk(async () => TABLE);
    expect(lift()).toBeUndefined();
    await refresh();
    expect(lift()).toBeCloseTo(-0.1, 12);
    await refresh();
    expect(asked).toEqual(["shop"]);
  });

  it("asks again after a minute, only for who decides", async ({ expect }) => {
    const { lift, refresh, asked, pass } = desk(async () => TABLE);
    lift("shop");
    lift("bank");
    lift("shy");
    await refresh();
    pass(60_000);
    lift("bank");
    await refresh();
    expect(asked).toEqual(["shop", "bank", "bank"]);
  });

  it("keeps what it has where a table cannot be reached or is none", async ({ expect }) => {
    const answers = [
      async () => TABLE,
      async () => Promise.reject(new Error("away")),
      async () => ({ "1@a": 7 }),
    ];
    const { lift, refresh, pass } = desk(async () => answers.shift()!());
    for (let i = 0; i < 3; i++) {
      lift();
      await refresh();
      expect(lift()).toBeCloseTo(-0.1, 12);
      pass(60_000);
    }
  });
});
