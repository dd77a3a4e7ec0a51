/** The Durable Object: the contract, and what only it can show: eviction, alarms. */
import { env, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, it } from "vitest";
import { objectLedger } from "../../../worker/budget/ledger-object.ts";
import { requireAgreement } from "../../contract/ledger-agreement.ts";
import { account, ledgerContract } from "../../contract/ledger-contract.ts";

let count = 0;

function open() {
  const name = `organisation-${count++}`;
  return { name, ledger: objectLedger(env.LEDGER, name) };
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
