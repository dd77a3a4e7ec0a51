/** What a treasury remembers of paced budgets, and when it asks again; what it does without a ledger. */
import { describe, it } from "vitest";
import { UNBILLED_KEPT_MS } from "../../../worker/budget/ledger-state.ts";
import { Treasury } from "../../../worker/budget/treasury.ts";
import type { Account, Ledger } from "../../../worker/domain/ledger.ts";
import { UNCOUNTED } from "../../../worker/domain/purse.ts";
import type { Caller } from "../../../worker/domain/tenant.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 25);
const PACED = { window: "day", limit_usd: 0.001, is_paced: true };

/** A day before on which nobody came. */
const NOBODY = Array.from({ length: 48 }, () => 0);

function setUp({ hasLedger = true } = {}) {
  const memory = memoryLedger();
  const clock = { now: START_MS + HOUR_MS, nowMs: () => clock.now };
  const state = {
    reads: 0,
    isDown: false,
    shut: [] as [string, number][],
    /** Comes between a list and whoever reads it. */
    onUnbilled: async (): Promise<unknown> => undefined,
  };
  const ledger: Ledger = {
    ...memory,
    async read(accounts: readonly Account[]) {
      state.reads += 1;
      if (state.isDown) throw new Error("down");
      return memory.read(accounts);
    },
    async shut(gate, untilMs) {
      state.shut.push([gate, untilMs]);
    },
    async unbilled(id) {
      const waiting = await memory.unbilled(id);
      await state.onUnbilled();
      return waiting;
    },
  };
  const treasury = new Treasury({
    ledgerOf: hasLedger ? () => ledger : undefined,
    clock,
    pause: async () => {},
    leaseMs: 60_000,
    log() {},
    onSettled: async () => {},
    onRefused: async () => {},
  });
  async function spend(caller: Caller, microUsd: number): Promise<void> {
    const purse = treasury.open(caller, `req_${clock.now}_${microUsd}`);
    const costs = new Map([["openai/large", microUsd]]);
    await purse.cover(costs, 0);
    purse.settle(costs, 0);
    await purse.closed;
  }
  return { treasury, memory, clock, state, spend };
}

function withKey(id: string): Caller {
  const caller = callerWith({ tenant: { budgets: [PACED] } });
  return { ...caller, key: { ...caller.key, id } };
}

const CALLER = withKey("key_k");

describe("what a caller is paced by", () => {
  it("is nothing, and asks nobody, where no budget is paced", async ({ expect }) => {
    const { treasury, state } = setUp();
    expect(
      await treasury.paced(callerWith({ tenant: { budgets: [{ ...PACED, is_paced: false }] } })),
    ).toEqual([]);
    expect(state.reads).toBe(0);
  });

  it("is what the ledger says, then what it said, with the time that is left now", async ({
    expect,
  }) => {
    const { treasury, clock, state } = setUp();
    const fresh = {
      account: "acme tenant:shop/usd/day",
      remainingMicroUsd: 1_000,
      requests: 0,
      elapsedMs: HOUR_MS,
      before: NOBODY,
    };
    expect(await treasury.paced(CALLER)).toEqual([{ ...fresh, leftMs: 23 * HOUR_MS }]);
    const { reads } = state;
    clock.now += 60_000;
    expect(await treasury.paced(CALLER)).toEqual([{ ...fresh, leftMs: 23 * HOUR_MS - 60_000 }]);
    expect(state.reads).toBe(reads);
  });

  it("is learnt from every settlement, and needs no trip then", async ({ expect }) => {
    const { treasury, spend, state } = setUp();
    await treasury.paced(CALLER);
    const { reads } = state;
    await spend(CALLER, 300);
    expect(await treasury.paced(CALLER)).toMatchObject([{ remainingMicroUsd: 700, requests: 1 }]);
    expect(state.reads).toBe(reads);
  });

  it("is also how the day before went, in half hours, read once a day", async ({ expect }) => {
    const { treasury, clock, spend, state } = setUp();
    const hours = [1, 1.2, 20];
    for (const hour of hours) {
      clock.now = START_MS + hour * HOUR_MS;
      await spend(CALLER, 10);
    }
    clock.now = START_MS + DAY_MS;
    const before = NOBODY.with(2, 2).with(40, 1);
    expect(await treasury.paced(CALLER)).toMatchObject([{ before }]);
    const { reads } = state;
    await spend(CALLER, 10);
    expect(await treasury.paced(CALLER)).toMatchObject([{ requests: 1, before }]);
    expect(state.reads).toBe(reads);
    clock.now += DAY_MS;
    expect(await treasury.paced(CALLER)).toMatchObject([{ before: NOBODY.with(0, 1) }]);
  });

  it("does without the day before while that cannot be read, and asks for it again", async ({
    expect,
  }) => {
    const { treasury, spend, state } = setUp();
    state.isDown = true;
    await spend(CALLER, 300);
    const [blind] = await treasury.paced(CALLER);
    expect(blind).toMatchObject({ remainingMicroUsd: 700 });
    expect(blind).not.toHaveProperty("before");
    state.isDown = false;
    expect(await treasury.paced(CALLER)).toMatchObject([{ before: NOBODY }]);
  });

  it("is asked for anew when it is older than a hundredth of the time left", async ({ expect }) => {
    const { treasury, clock, state } = setUp();
    await treasury.paced(CALLER);
    const { reads } = state;
    clock.now += (23 * HOUR_MS) / 101 - 1_000;
    await treasury.paced(CALLER);
    expect(state.reads).toBe(reads);
    clock.now += 2_000;
    const [facts] = await treasury.paced(CALLER);
    expect(state.reads).toBe(reads + 1);
    expect(facts!.elapsedMs).toBe(clock.now - START_MS);
  });

  it("is at most a tenth of a second old in a window's last seconds", async ({ expect }) => {
    const { treasury, clock, state } = setUp();
    clock.now = START_MS + DAY_MS - 5_000;
    await treasury.paced(CALLER);
    const { reads } = state;
    clock.now += 100;
    await treasury.paced(CALLER);
    expect(state.reads).toBe(reads);
    clock.now += 1;
    await treasury.paced(CALLER);
    expect(state.reads).toBe(reads + 1);
  });

  it("is the new window when the old one has ended", async ({ expect }) => {
    const { treasury, clock, spend } = setUp();
    clock.now = START_MS + DAY_MS - 1;
    await spend(CALLER, 900);
    clock.now += 1;
    expect(await treasury.paced(CALLER)).toMatchObject([
      { remainingMicroUsd: 1_000, requests: 0, elapsedMs: 0, leftMs: DAY_MS },
    ]);
  });

  it("is what was known while the ledger is down, and nothing once that has ended", async ({
    expect,
  }) => {
    const { treasury, clock, spend, state } = setUp();
    state.isDown = true;
    expect(await treasury.paced(CALLER)).toEqual([]);
    await spend(CALLER, 300);
    clock.now += 12 * HOUR_MS;
    expect(await treasury.paced(CALLER)).toMatchObject([
      { remainingMicroUsd: 700, elapsedMs: HOUR_MS, leftMs: 11 * HOUR_MS },
    ]);
    clock.now += 11 * HOUR_MS;
    expect(await treasury.paced(CALLER)).toEqual([]);
  });

  it("is forgotten for the key unheard of for longest, beyond a thousand", async ({ expect }) => {
    const { treasury, state } = setUp();
    await treasury.paced(withKey("key_0"));
    const { reads } = state;
    for (let at = 1; at < 1_000; at++) await treasury.paced(withKey(`key_${at}`));
    await treasury.paced(withKey("key_0"));
    expect(state.reads).toBe(reads + 999);
    await treasury.paced(withKey("key_1000"));
    await treasury.paced(withKey("key_1"));
    expect(state.reads).toBe(reads + 1_000);
    await treasury.paced(withKey("key_0"));
    expect(state.reads).toBe(reads + 1_001);
  });
});

describe("what waits for its bill", () => {
  const ACCOUNT: Account = {
    name: "tenant:shop/usd/total",
    unit: "usd",
    slotMs: 0,
    sinceMs: 0,
    isHard: true,
  };
  const USED = [{ account: ACCOUNT, amount: 300 }];

  it("is also a hold that has expired while nobody asked the ledger", async ({ expect }) => {
    const { treasury, memory, clock } = setUp();
    const [nowMs, expiresMs] = [clock.now, clock.now + 60_000];
    await memory.reserve({ id: "req_1", draws: USED, gates: [], nowMs, expiresMs });
    expect(await treasury.unbilled("acme")).toEqual([]);
    clock.now = expiresMs;
    expect(await treasury.settleByBill("acme", { requestId: "req_1", costMicroUsd: 90 })).toBe(
      true,
    );
    expect(await memory.read([ACCOUNT])).toMatchObject([{ spent: 90, held: 0 }]);
  });

  it("is not settled a second time, nor once it is forgotten", async ({ expect }) => {
    const { treasury, memory, clock } = setUp();
    const bill = { requestId: "req_1", costMicroUsd: 90 };
    const estimate = { draws: USED, isEstimate: true, nowMs: clock.now };
    await memory.settle({ id: "req_1", ...estimate });
    expect(await treasury.settleByBill("acme", bill)).toBe(true);
    expect(await treasury.settleByBill("acme", bill)).toBe(false);
    await memory.settle({ id: "req_2", ...estimate });
    clock.now += UNBILLED_KEPT_MS;
    expect(await treasury.unbilled("acme")).toEqual([]);
    expect(await treasury.settleByBill("acme", { ...bill, requestId: "req_2" })).toBe(false);
    expect(await memory.read([ACCOUNT])).toMatchObject([{ spent: 390 }]);
  });

  it("is not said to be settled by a bill that another settlement was quicker than", async ({
    expect,
  }) => {
    const { treasury, memory, clock, state } = setUp();
    await memory.settle({ id: "req_1", draws: USED, isEstimate: true, nowMs: clock.now });
    state.onUnbilled = () => memory.settle({ id: "req_1", draws: USED, nowMs: clock.now });
    expect(await treasury.settleByBill("acme", { requestId: "req_1", costMicroUsd: 90 })).toBe(
      false,
    );
    expect(await memory.read([ACCOUNT])).toMatchObject([{ spent: 300 }]);
  });
});

describe("where callers stand", () => {
  it("is read once for all of them, with what they share once, and remembered of each", async ({
    expect,
  }) => {
    const { treasury, spend, state } = setUp();
    const limits = [{ unit: "requests", limit: 5 }];
    const limited = callerWith({ tenant: { budgets: [PACED] }, key: { limits } });
    const other = { ...limited, key: { ...limited.key, id: "key_o" } };
    await treasury.paced(CALLER);
    await spend(CALLER, 300);
    const { reads } = state;
    const standings = await treasury.standings([CALLER, other]);
    expect(standings.map(({ account, spent }) => [account, spent])).toEqual([
      ["tenant:shop/usd/day", 300],
      ["tenant:shop/counted-requests/day", 1],
      ["tenant:shop/counted-usd/month", 300],
      ["key:key_o/requests/60s", 0],
    ]);
    expect(await treasury.paced(other)).toMatchObject([{ remainingMicroUsd: 700, requests: 1 }]);
    expect(state.reads).toBe(reads + 1);
  });
});

describe("without a ledger", () => {
  it("nobody is counted", async ({ expect }) => {
    const { treasury } = setUp({ hasLedger: false });
    expect(treasury.open(CALLER, "req_1")).toBe(UNCOUNTED);
    expect(await treasury.standings([CALLER])).toEqual([]);
    expect(await treasury.paced(CALLER)).toEqual([]);
    expect(await treasury.unbilled("acme")).toEqual([]);
    await treasury.shut("acme", "key:key_k");
  });
});

it("opens no purse for whom nothing limits or counts", ({ expect }) => {
  const { treasury } = setUp();
  const caller = callerWith();
  const deployment = { ...caller, key: { ...caller.key, id: "deployment" } };
  expect(treasury.open(deployment, "req_1")).toBe(UNCOUNTED);
});

it("shuts a gate for longer than any isolate remembers a key", async ({ expect }) => {
  const { treasury, clock, state } = setUp();
  await treasury.shut("acme", "key:key_k");
  expect(state.shut).toEqual([["key:key_k", clock.now + 120_000]]);
});
