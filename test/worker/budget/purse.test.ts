/**
 * The purse of one request against a real ledger's core and a ledger that fails when the test wants it to: what is
 * held and when, what is refused, and that it is closed in every case.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { entriesOf } from "../../../worker/budget/accounts.ts";
import { LedgerPurse, type PurseEvent } from "../../../worker/budget/purse.ts";
import { Calendars } from "../../../worker/budget/windows.ts";
import { RouterError } from "../../../worker/domain/errors.ts";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import type { Costs } from "../../../worker/domain/purse.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";

const NOTHING: Costs = new Map();
const HARD = { window: "total", limit_usd: 0.001 };
const LEASE_MS = 60_000;

function costs(microUsd: number, model = "openai/large"): Costs {
  return new Map([[model, microUsd]]);
}

/** Fails as often as it is told to, after the ledger has done what it was asked, or before. */
function flaky(ledger: Ledger) {
  const failing = { reserve: 0, settle: 0, isDone: false };
  const trips: string[] = [];
  async function attempt<T>(what: "reserve" | "settle", work: () => Promise<T>): Promise<T> {
    trips.push(what);
    if (failing[what] === 0) return work();
    failing[what] -= 1;
    if (failing.isDone) await work();
    throw new Error("timed out");
  }
  const shaky: Ledger = {
    ...ledger,
    reserve: (reservation) => attempt("reserve", () => ledger.reserve(reservation)),
    settle: (settlement) => attempt("settle", () => ledger.settle(settlement)),
  };
  return { ledger: shaky, failing, trips };
}

function setUp(
  given: Parameters<typeof callerWith>[0] = { tenant: { budgets: [HARD] } },
  ledger = memoryLedger(),
) {
  const caller = callerWith(given);
  const calendars = new Calendars();
  const shaky = flaky(ledger);
  const events: PurseEvent[] = [];
  const pauses: number[] = [];
  const told = { settled: 0, refused: [] as string[] };
  const clock = { now: 0, nowMs: () => clock.now };
  function entries() {
    return entriesOf(caller, calendars, clock.now);
  }
  let ids = 0;
  function open(id = `req_${++ids}`): LedgerPurse {
    return new LedgerPurse({
      id,
      ledger: shaky.ledger,
      entries,
      gates: ["tenant:shop", "key:key_k"],
      clock,
      async pause(ms) {
        pauses.push(ms);
        clock.now += ms;
      },
      leaseMs: LEASE_MS,
      onBalances() {},
      onSettled: async () => void (told.settled += 1),
      onRefused: async ({ account }) => void told.refused.push(account.name),
      log: (event) => events.push(event),
    });
  }
  async function balances() {
    return ledger.read(entries().map(({ account }) => account));
  }
  return { ...shaky, memory: ledger, open, balances, events, pauses, told, clock };
}

async function errorOf(promise: Promise<unknown>): Promise<RouterError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RouterError) return error;
  throw new Error("Was not refused");
}

describe("cover", () => {
  const LIMITED = {
    tenant: { budgets: [HARD] },
    key: {
      limits: [
        { unit: "requests", limit: 9 },
        { unit: "tokens", limit: 900 },
        { unit: "concurrent", limit: 3 },
      ],
    },
  };

  it("holds limits and money in one trip", async ({ expect }) => {
    const { open, trips, balances } = setUp(LIMITED);
    expect(await open().cover(costs(400), 120)).toEqual({ isCovered: true });
    expect(trips).toEqual(["reserve"]);
    expect((await balances()).map(({ name, held }) => [name, held])).toEqual([
      ["tenant:shop/usd/total", 400],
      ["key:key_k/requests/60s", 1],
      ["key:key_k/tokens/60s", 120],
      ["key:key_k/concurrent/now", 1],
      ["tenant:shop/counted-usd/month", 400],
    ]);
  });

  it("needs none where it is held already, and raises what is not", async ({ expect }) => {
    const { open, trips, balances } = setUp(LIMITED);
    const purse = open();
    await purse.cover(costs(400), 120);
    await purse.cover(costs(400), 120);
    await purse.cover(costs(300), 0);
    expect(trips).toHaveLength(1);
    await purse.cover(costs(401), 120);
    expect(trips).toHaveLength(2);
    expect((await balances())[0]).toMatchObject({ held: 401, spent: 0 });
    expect((await balances())[1]).toMatchObject({ held: 1 });
  });

  it("says what the request could hold in all, and leaves what it holds", async ({ expect }) => {
    const { open, balances, told } = setUp();
    await open().cover(costs(300), 0);
    const purse = open();
    await purse.cover(costs(500), 0);
    const refused = await purse.cover(costs(900), 0);
    expect(refused).toMatchObject({ isCovered: false, leftMicroUsd: 700 });
    expect(refused).not.toHaveProperty("model");
    expect((await balances())[0]).toMatchObject({ held: 800 });
    expect(await purse.cover(costs(700), 0)).toEqual({ isCovered: true });
    purse.settle(costs(700), 0);
    await purse.closed;
    expect(told.refused).toEqual([]);
  });

  it("tells which budget has turned a request away", async ({ expect }) => {
    const { open, told } = setUp();
    const purse = open();
    expect(await purse.cover(costs(5_000), 0)).toMatchObject({ isCovered: false });
    purse.settle(NOTHING, 0);
    await purse.closed;
    expect(told.refused).toEqual(["tenant:shop/usd/total"]);
  });

  it("names the model whose budget says no", async ({ expect }) => {
    const model = "openai/large";
    const { open } = setUp({ tenant: { budgets: [HARD, { ...HARD, limit_usd: 0.0001, model }] } });
    expect(await open().cover(costs(101), 0)).toMatchObject({ leftMicroUsd: 100, model });
    expect(await open().cover(costs(101, "groq/tiny"), 0)).toEqual({ isCovered: true });
  });

  it.for([
    [{ unit: "requests", limit: 1 }, "rate_limit_exceeded"],
    [{ unit: "tokens", limit: 10 }, "rate_limit_exceeded"],
    [{ unit: "concurrent", limit: 1 }, "rate_limit_exceeded"],
    [{ unit: "tokens", limit: 9 }, "request_too_large"],
  ] as const)("throws where a rate limit says no: %j", async ([limit, code], { expect }) => {
    const { open, memory, balances } = setUp({ key: { limits: [limit] } });
    if (code === "rate_limit_exceeded") await open("before").cover(NOTHING, 10);
    const error = await errorOf(open().cover(NOTHING, 10));
    expect(error).toMatchObject({ status: 429, code });
    await memory.settle({ id: "before", draws: [], nowMs: 0 });
    expect((await balances())[0]).toMatchObject({ held: 0 });
  });

  it("throws for a key that was shut", async ({ expect }) => {
    const { open, memory } = setUp();
    await memory.shut("key:key_k", 1_000);
    expect(await errorOf(open().cover(costs(1), 0))).toMatchObject({
      status: 401,
      code: "revoked_api_key",
    });
  });

  it("throws where a hard budget cannot be asked, and what it may hold is given back", async ({
    expect,
  }) => {
    const { open, failing, events, balances } = setUp();
    Object.assign(failing, { reserve: 1, isDone: true });
    const purse = open("req_lost");
    expect(await errorOf(purse.cover(costs(400), 0))).toMatchObject({ status: 503 });
    expect((await balances())[0]).toMatchObject({ held: 400 });
    purse.settle(NOTHING, 0);
    await purse.closed;
    expect((await balances())[0]).toMatchObject({ held: 0, spent: 0 });
    expect(events).toEqual([
      { event: "ledger_unreachable", request_id: "req_lost", reason: "timed out" },
    ]);
  });

  it("lets go on where only soft budgets cannot be asked, and asks no more", async ({ expect }) => {
    const { open, failing, trips, balances } = setUp({
      tenant: { budgets: [{ ...HARD, kind: "soft" }] },
    });
    failing.reserve = 1;
    const purse = open();
    expect(purse.isBounded).toBe(false);
    expect(await purse.cover(costs(400), 0)).toEqual({ isCovered: true });
    expect(await purse.cover(costs(4_000), 0)).toEqual({ isCovered: true });
    expect(trips).toEqual(["reserve"]);
    purse.settle(costs(50), 0);
    await purse.closed;
    expect((await balances())[0]).toMatchObject({ held: 0, spent: 50 });
  });

  it("throws where its hold has lapsed", async ({ expect }) => {
    const { open, clock, memory, balances } = setUp();
    const purse = open();
    await purse.cover(costs(400), 0);
    clock.now = LEASE_MS;
    await memory.lapse(clock.now);
    expect(await errorOf(purse.cover(costs(500), 0))).toMatchObject({ status: 503 });
    purse.settle(costs(30), 0);
    await purse.closed;
    expect((await balances())[0]).toMatchObject({ held: 0, spent: 30 });
  });
});

describe("settle", () => {
  it("books what was used once, and gives back the rest", async ({ expect }) => {
    const { open, trips, told, balances } = setUp();
    const purse = open();
    await purse.cover(costs(400), 0);
    purse.settle(costs(50), 0);
    purse.settle(costs(60), 0);
    await purse.closed;
    expect(trips).toEqual(["reserve", "settle"]);
    expect(told.settled).toBe(1);
    expect((await balances())[0]).toMatchObject({ held: 0, spent: 50 });
  });

  it("asks nobody where nothing was ever held", async ({ expect }) => {
    const { open, trips } = setUp();
    const purse = open();
    await purse.cover(costs(4_000), 0);
    purse.settle(NOTHING, 0);
    await purse.closed;
    expect(trips).toEqual(["reserve"]);
  });

  it("is tried again with pauses, and tells once", async ({ expect }) => {
    const { open, failing, pauses, told, events, balances } = setUp();
    const purse = open();
    await purse.cover(costs(400), 0);
    failing.settle = 3;
    purse.settle(costs(50), 0);
    await purse.closed;
    expect(pauses).toEqual([200, 1_000, 4_000]);
    expect(told.settled).toBe(1);
    expect(events).toEqual([]);
    expect((await balances())[0]).toMatchObject({ held: 0, spent: 50 });
  });

  it("that is lost is logged, and leaves its hold to lapse", async ({ expect }) => {
    const { open, failing, events, clock, memory, balances } = setUp();
    const purse = open("req_lost");
    await purse.cover(costs(400), 0);
    failing.settle = 9;
    purse.settle(costs(50), 0);
    await purse.closed;
    expect(failing.settle).toBe(5);
    expect(events).toEqual([
      { event: "settlement_lost", request_id: "req_lost", reason: "timed out" },
    ]);
    expect((await balances())[0]).toMatchObject({ held: 400, spent: 0 });
    await memory.lapse(clock.now + LEASE_MS);
    expect((await balances())[0]).toMatchObject({ held: 0, spent: 400 });
  });
});

describe("standings", () => {
  const GIVEN = { tenant: { budgets: [HARD], limits: [{ unit: "requests", limit: 5 }] } };

  it("have the hold while the request is under way, and its use after", async ({ expect }) => {
    const { open } = setUp(GIVEN);
    const purse = open();
    expect(purse.standings()).toEqual([]);
    await purse.cover(costs(400), 0);
    expect(purse.standings()).toMatchObject([
      { account: "tenant:shop/usd/total", spent: 0, held: 400, limit: 1_000 },
      { account: "tenant:shop/requests/60s", spent: 0, held: 1 },
      {},
    ]);
    purse.settle(costs(50), 0);
    expect(purse.standings()).toMatchObject([
      { spent: 50, held: 0 },
      { spent: 1, held: 0 },
      { spent: 50, held: 0 },
    ]);
  });

  it("of a request that was turned away have nothing of it", async ({ expect }) => {
    const { open, balances } = setUp(GIVEN);
    const purse = open();
    await purse.cover(costs(4_000), 0);
    purse.settle(NOTHING, 0);
    expect(purse.standings()).toMatchObject(
      await balances().then((all) => all.map(({ spent, held }) => ({ spent, held }))),
    );
  });
});

describe("a purse", () => {
  const STEPS = fc.array(
    fc.record({
      microUsd: fc.nat({ max: 2_000 }),
      tokens: fc.nat({ max: 200 }),
      failures: fc.nat({ max: 1 }),
    }),
    { maxLength: 6 },
  );

  it("is closed after its settlement whatever happened before, with nothing held", async ({
    expect,
  }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          steps: STEPS,
          used: fc.nat({ max: 3_000 }),
          isDone: fc.boolean(),
          settleFailures: fc.nat({ max: 3 }),
          kind: fc.constantFrom("hard", "soft"),
          others: fc.nat({ max: 1_000 }),
          isConcurrent: fc.boolean(),
        }),
        async ({ steps, used, isDone, settleFailures, kind, others, isConcurrent }) => {
          const { open, failing, balances, events } = setUp({
            tenant: { budgets: [{ ...HARD, kind }], limits: [{ unit: "tokens", limit: 150 }] },
          });
          const other = open("other");
          await other.cover(costs(others), 0);
          const purse = open("own");
          failing.isDone = isDone;
          let mayHold = false;
          async function step({ microUsd, tokens, failures }: (typeof steps)[number]) {
            failing.reserve = failures;
            if (failures > 0) mayHold = true;
            const cover = await purse.cover(costs(microUsd), tokens).catch(() => undefined);
            if (cover?.isCovered) mayHold = true;
          }
          if (isConcurrent) await Promise.all(steps.map(step));
          else for (const one of steps) await step(one);
          failing.reserve = 0;
          failing.settle = settleFailures;
          // Whoever was never let through has used nothing.
          purse.settle(mayHold ? costs(used) : NOTHING, mayHold ? 10 : 0);
          await purse.closed;
          other.settle(NOTHING, 0);
          await other.closed;
          expect(events.filter(({ event }) => event === "settlement_lost")).toEqual([]);
          const [money] = await balances();
          expect(money!.held).toBe(0);
          expect([0, used]).toContain(money!.spent);
          if (mayHold && !isConcurrent) expect(money!.spent).toBe(used);
        },
      ),
    );
  });
});
