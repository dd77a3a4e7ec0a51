/** The Durable Object: the contract, and what only it can show: eviction, alarms, and silence. */
import { env, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, it } from "vitest";
import { entriesOf } from "../../../worker/budget/accounts.ts";
import { objectLedger } from "../../../worker/budget/ledger-object.ts";
import { LedgerPurse, type PurseEvent } from "../../../worker/budget/purse.ts";
import { Calendars } from "../../../worker/budget/windows.ts";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import { requireAgreement } from "../../contract/ledger-agreement.ts";
import { account, ledgerContract } from "../../contract/ledger-contract.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";
import { callerWith } from "../fixture/callers.ts";
import { manualTimers } from "../fixture/timers.ts";

let count = 0;

function open() {
  const name = `organisation-${count++}`;
  return { name, ledger: objectLedger(() => env.LEDGER.getByName(name)) };
}

describe("the ledger's Durable Object", () => {
  ledgerContract(async () => open().ledger);

  it("answers what the core answers", async ({ expect }) => {
    await requireAgreement(
      async () => open().ledger,
      (actual, expected) => expect(actual).toEqual(expected),
    );
  });

  it("forgets nothing when it is evicted", async ({ expect }) => {
    const { name, ledger } = open();
    const money = account("m", { limit: 100 });
    const draws = [{ account: money, amount: 60 }];
    const nowMs = 1_700_000_000_000;
    await ledger.reserve({ id: "a", draws, gates: [], nowMs, expiresMs: nowMs + 60_000 });
    await ledger.settle({ id: "b", draws: [{ account: money, amount: 10 }], nowMs });
    await ledger.shut("key:k", nowMs + 1);
    await evictDurableObject(env.LEDGER.getByName(name));
    expect(await ledger.read([money])).toEqual([{ name: "m", spent: 10, held: 60 }]);
    const gates = ["key:k"];
    const asked = { id: "c", draws, nowMs, expiresMs: nowMs + 1 };
    expect((await ledger.reserve({ ...asked, gates })).kind).toBe("shut");
    expect((await ledger.reserve({ ...asked, gates: [] })).kind).toBe("refused");
    await ledger.settle({ id: "a", draws: [{ account: money, amount: 50 }], nowMs });
    expect(await ledger.read([money])).toEqual([{ name: "m", spent: 60, held: 0 }]);
  });

  it("ends an expired hold by its alarm", async ({ expect }) => {
    const { name, ledger } = open();
    const seats = account("s", { unit: "concurrent", limit: 1 });
    const draws = [{ account: seats, amount: 1 }];
    await ledger.reserve({ id: "a", draws, gates: [], nowMs: 0, expiresMs: 1 });
    await evictDurableObject(env.LEDGER.getByName(name));
    expect(await runDurableObjectAlarm(env.LEDGER.getByName(name))).toBe(true);
    expect(await ledger.read([seats])).toEqual([{ name: "s", spent: 0, held: 0 }]);
    expect(await runDurableObjectAlarm(env.LEDGER.getByName(name))).toBe(true);
  });
});

const TIMEOUT_MS = 30_000;
const SETTLE_MS = 6_000;
/** What a platform allows for after an answer. */
const AFTERWARDS_MS = 30_000;

function never(): Promise<never> {
  return new Promise(() => {});
}

/** An object that takes everything in and says nothing. */
const SILENT: Ledger = {
  reserve: never,
  settle: never,
  read: never,
  shut: never,
  lapse: never,
  unbilled: never,
};

const ASKED = { id: "a", draws: [], gates: [], nowMs: 0, expiresMs: 1 };
const OPERATIONS: readonly [name: keyof Ledger, limitMs: number, ask: (to: Ledger) => unknown][] = [
  ["reserve", TIMEOUT_MS, (to) => to.reserve(ASKED)],
  ["settle", SETTLE_MS, (to) => to.settle(ASKED)],
  ["read", TIMEOUT_MS, (to) => to.read([])],
  ["shut", TIMEOUT_MS, (to) => to.shut("key:k", 0)],
  ["lapse", TIMEOUT_MS, (to) => to.lapse(0)],
  ["unbilled", TIMEOUT_MS, (to) => to.unbilled()],
];

describe("an object that does not answer", () => {
  it.for(OPERATIONS)("is given up: %s", async ([name, limitMs, ask], { expect }) => {
    const timers = manualTimers();
    const asked = Promise.resolve(ask(objectLedger(() => SILENT, timers)));
    let isOver = false;
    void asked.catch(() => (isOver = true));
    timers.advance(limitMs - 1);
    await Promise.race([asked, flushed()]);
    expect(isOver).toBe(false);
    timers.advance(1);
    await expect(asked).rejects.toThrow(
      `The ledger's ${name} failed at its object: Nothing came within ${limitMs} ms (total)`,
    );
    expect(timers.pending).toBe(0);
  });

  it("is asked at a stub of its own each time, and leaves no timer when it answers", async ({
    expect,
  }) => {
    const timers = manualTimers();
    const broken = { ...SILENT, read: () => Promise.reject(new Error("overloaded")) };
    const stubs = [broken, memoryLedger()];
    const ledger = objectLedger(() => stubs.shift()!, timers);
    await expect(ledger.read([])).rejects.toThrow(
      "The ledger's read failed at its object: overloaded",
    );
    expect(await ledger.read([account("m")])).toEqual([{ name: "m", spent: 0, held: 0 }]);
    expect(timers.pending).toBe(0);
  });
});

/** Resolves when what was about to happen has happened, timers apart. */
async function flushed(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
}

/** A purse whose object answers as the stubs do, one after the other; whatever is waited for is over at once. */
function purseOver(...stubs: Ledger[]) {
  const clock = { now: 0, nowMs: () => clock.now };
  const events: PurseEvent[] = [];
  const caller = callerWith({ tenant: { budgets: [{ window: "total", limit_usd: 1 }] } });
  const calendars = new Calendars();
  let settled = 0;
  function timer(callback: () => void, delayMs: number): () => void {
    let isStopped = false;
    void flushed().then(() => {
      if (isStopped) return;
      clock.now += delayMs;
      callback();
    });
    return () => {
      isStopped = true;
    };
  }
  const purse = new LedgerPurse({
    id: "req_1",
    ledger: objectLedger(() => stubs.shift()!, { timer }),
    entries: () => entriesOf(caller, calendars, clock.now),
    gates: [],
    clock,
    async pause(ms) {
      clock.now += ms;
    },
    leaseMs: 60_000,
    onBalances() {},
    onSettled: async () => void (settled += 1),
    onRefused: async () => {},
    log: (event) => events.push(event),
  });
  return { purse, clock, events, settled: () => settled };
}

const COSTS = new Map([["openai/large", 400]]);

describe("a purse at an object that does not answer", () => {
  it("closes a hard budget", async ({ expect }) => {
    const { purse, clock, events } = purseOver(SILENT);
    await expect(purse.cover(COSTS, 0)).rejects.toMatchObject({ status: 503 });
    expect(clock.now).toBe(TIMEOUT_MS);
    expect(events).toMatchObject([
      { event: "ledger_unreachable", reason: expect.stringContaining("reserve") },
    ]);
  });

  it("makes all tries of its settlement in the time that there is after an answer", async ({
    expect,
  }) => {
    const memory = memoryLedger();
    const { purse, clock, events, settled } = purseOver(memory, SILENT, SILENT, SILENT, memory);
    await purse.cover(COSTS, 0);
    purse.settle(COSTS, 0);
    await purse.closed;
    expect(settled()).toBe(1);
    expect(events).toEqual([]);
    expect(clock.now + SETTLE_MS).toBeLessThan(AFTERWARDS_MS);
  });
});
