/** What becomes of alerts in the isolate that makes them: the log, the queue, and what happens without one. */
import { describe, it } from "vitest";
import type { Entry } from "../../../worker/budget/accounts.ts";
import { alertSchema } from "../../../worker/budget/alert-events.ts";
import {
  AlertSender,
  type AlertOutbox,
  type AlertSent,
} from "../../../worker/budget/alert-sender.ts";
import { manualTimers } from "../fixture/timers.ts";
import { callerWith, entriesAt, NOW } from "./made-up-alert.ts";

const DAY = { window: "day", limit_usd: 1 };
const CALLER = callerWith({ tenant: DAY });
const ENTRIES = entriesAt(CALLER);
const ENTRY = ENTRIES[0]!;
const BALANCE = { name: ENTRY.account.name, spentBefore: 0, spent: 600_000, held: 0 };
const SETTLED = { isRepeat: false, balances: [BALANCE] };

/** The budget of the n-th day from now. */
function entryOn(day: number): Entry {
  return entriesAt(CALLER, NOW + day * 86_400_000)[0]!;
}

function senderTo(outbox: AlertOutbox | undefined) {
  const timers = manualTimers();
  const log: AlertSent[] = [];
  const sender = new AlertSender({ outbox, ...timers, log: (event) => void log.push(event) });
  return { sender, log, timers };
}

function collecting() {
  const batches: (readonly { readonly body: unknown }[])[] = [];
  return {
    batches,
    async sendBatch(messages: readonly { readonly body: unknown }[]) {
      batches.push(messages);
    },
  };
}

describe("alerts", () => {
  it("go to the log and, as JSON, to the queue", async ({ expect }) => {
    const outbox = collecting();
    const { sender, log, timers } = senderTo(outbox);
    await sender.settled(CALLER, ENTRIES, SETTLED);
    expect(timers.pending).toBe(0);
    expect(log).toEqual([
      {
        event: "budget_alert",
        id: expect.stringMatching(/^evt_/),
        type: "budget.threshold",
        organisation: "acme",
        tenant: "sales",
        window: "day",
        limit_usd: 1,
        spent_usd: 0.6,
        share: 0.5,
      },
    ]);
    expect(outbox.batches).toMatchObject([
      [{ contentType: "json", body: { id: log[0] && "id" in log[0] && log[0].id } }],
    ]);
    expect(alertSchema.safeParse(outbox.batches[0]?.[0]?.body).success).toBe(true);
  });

  it("go to the log alone where there is no queue", async ({ expect }) => {
    const { sender, log } = senderTo(undefined);
    await sender.settled(CALLER, ENTRIES, SETTLED);
    expect(log).toMatchObject([{ event: "budget_alert" }]);
  });

  it("are none where nothing was crossed, and the queue is left alone", async ({ expect }) => {
    const outbox = collecting();
    const { sender, log } = senderTo(outbox);
    await sender.settled(CALLER, ENTRIES, {
      isRepeat: true,
      balances: [{ ...BALANCE, spentBefore: 600_000 }],
    });
    expect({ log, batches: outbox.batches }).toEqual({ log: [], batches: [] });
  });

  it("of a refusal go out once a window, whatever else refuses", async ({ expect }) => {
    const outbox = collecting();
    const { sender, log } = senderTo(outbox);
    const other = callerWith({ key: DAY });
    await Promise.all(Array.from({ length: 50 }, () => sender.refused(CALLER, ENTRY, BALANCE)));
    await sender.refused(other, entriesAt(other)[0]!, BALANCE);
    await sender.refused(CALLER, ENTRY, BALANCE);
    expect(outbox.batches).toHaveLength(2);
    await sender.refused(CALLER, entryOn(1), BALANCE);
    expect(outbox.batches).toHaveLength(3);
    expect(log).toMatchObject(Array.from({ length: 3 }, () => ({ type: "budget.refused" })));
  });

  it("are remembered to a bound: the oldest is told again, under its id", async ({ expect }) => {
    const { sender, log } = senderTo(undefined);
    await sender.refused(CALLER, ENTRY, BALANCE);
    for (let n = 1; n <= 1_000; n++) await sender.refused(CALLER, entryOn(n), BALANCE);
    await sender.refused(CALLER, entryOn(1_000), BALANCE);
    expect(log).toHaveLength(1_001);
    await sender.refused(CALLER, ENTRY, BALANCE);
    expect(log).toHaveLength(1_002);
    expect(log.at(-1)).toEqual(log[0]);
  });

  it("that the queue does not take are said to be lost, and nothing else happens", async ({
    expect,
  }) => {
    const { sender, log } = senderTo({ sendBatch: () => Promise.reject(new Error("overloaded")) });
    await sender.settled(CALLER, ENTRIES, SETTLED);
    expect(log).toMatchObject([
      { event: "budget_alert" },
      { event: "budget_alerts_lost", count: 1 },
    ]);
  });

  it("wait for a queue that says nothing for five seconds, and leave no timer", async ({
    expect,
  }) => {
    const asked = Promise.withResolvers<void>();
    const { sender, log, timers } = senderTo({
      sendBatch() {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const told = sender.settled(CALLER, ENTRIES, SETTLED);
    await asked.promise;
    expect(timers.pending).toBe(1);
    timers.advance(5_000);
    await told;
    expect(log.at(-1)).toEqual({ event: "budget_alerts_lost", count: 1 });
    expect(timers.pending).toBe(0);
  });
});
