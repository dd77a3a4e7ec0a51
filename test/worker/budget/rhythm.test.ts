/** Where requests are counted, for any window and moment, and what is read of them when the next has begun. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { partOf, Rhythms } from "../../../worker/budget/rhythm.ts";
import { Calendars } from "../../../worker/budget/windows.ts";
import type { Account } from "../../../worker/domain/ledger.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";

const HOUR_MS = 3_600_000;

function counterAt(
  nowMs: number,
  { kind, timeZone }: { kind: "day" | "week" | "month"; timeZone: string },
): Account {
  const window = new Calendars().window(kind, timeZone, nowMs);
  return { name: "tenant:shop/r", unit: "requests", isHard: false, ...partOf(window, nowMs) };
}

const windows = fc.record({
  kind: fc.constantFrom("day", "week", "month"),
  timeZone: fc.constantFrom("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
});
const moments = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 11, 31) });

describe("the part that a request is counted in", () => {
  it("is the latest of the window's that has begun, for any calendar", ({ expect }) => {
    fc.assert(
      fc.property(windows, moments, (window, nowMs) => {
        const { slotMs, sinceMs, keptMs } = counterAt(nowMs, window);
        expect(slotMs).toBeGreaterThanOrEqual(sinceMs);
        expect(slotMs).toBeLessThanOrEqual(nowMs);
        expect(keptMs).toBeLessThan(sinceMs);
        expect(counterAt(sinceMs - 1, window).sinceMs).toBe(keptMs);
      }),
    );
  });
});

describe("the rhythm of the window before", () => {
  it("has every one of its requests, in the parts in which they came", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        windows,
        moments,
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 30 }),
        async (window, nowMs, shares) => {
          const now = counterAt(nowMs, window);
          const [fromMs, toMs] = [now.keptMs!, now.sinceMs];
          const ledger = memoryLedger();
          const expected = Array.from({ length: 48 }, () => 0);
          for (const [at, share] of shares.toSorted((a, b) => a - b).entries()) {
            const cameMs = Math.floor(fromMs + share * (toMs - fromMs));
            const account = counterAt(cameMs, window);
            const draws = [{ account, amount: 1 }];
            await ledger.settle({ id: `r${at}`, draws, nowMs: cameMs });
            expected[Math.floor(((cameMs - fromMs) / (toMs - fromMs)) * 48)]! += 1;
          }
          await ledger.settle({ id: "now", draws: [{ account: now, amount: 1 }], nowMs });
          const rhythms = new Rhythms();
          await rhythms.learn("b", now, ledger);
          expect(rhythms.of("b", toMs)).toEqual(expected);
        },
      ),
    );
  });

  it("is known of one window only, and read once", async ({ expect }) => {
    const nowMs = Date.UTC(2026, 10, 25) + HOUR_MS;
    const counter = counterAt(nowMs, { kind: "day", timeZone: "UTC" });
    let reads = 0;
    const ledger = {
      async read(accounts: readonly Account[]) {
        reads++;
        return accounts.map(({ name }) => ({ name, spent: 0, held: 0 }));
      },
    };
    const rhythms = new Rhythms();
    for (let times = 0; times < 2; times++) await rhythms.learn("b", counter, ledger);
    expect(reads).toBe(1);
    expect(rhythms.of("b", counter.sinceMs)).toHaveLength(48);
    expect(rhythms.of("b", counter.sinceMs + 24 * HOUR_MS)).toBeUndefined();
    expect(rhythms.of("other", counter.sinceMs)).toBeUndefined();
  });
});
