/** A journal learns from its rows: late words count, double ones once, and what was erased is forgotten. */
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { LogRecord } from "../../../../worker/domain/event.ts";
import type { JournalObject } from "../../../../worker/learning/journal/journal-object.ts";
import { liftsAt } from "../../../../worker/learning/lifts/lift-table.ts";
import { packFloats } from "../../../../worker/lib/packed-numbers.ts";
import { decided, said } from "./made-up-records.ts";

const WEIGHTS = "text@0123456789ab";
const DEMAND = Float32Array.of(0.5, -1);
let count = 0;

function open() {
  const tenant = `lifts-${count++}`;
  const stub = env.JOURNAL.getByName(tenant);
  const terms = { tenant, days: 90, fileAfterMs: 3_600_000 };
  return {
    stub,
    append: (records: readonly LogRecord[]) =>
      stub.append(
        records.map((record) => JSON.stringify({ ...record, tenant })),
        terms,
      ),
    lift: async (): Promise<number | undefined> => {
      await stub.learn();
      const table = await stub.lifts();
      return liftsAt(table, { weights: WEIGHTS, demand: DEMAND }).get("a/small");
    },
  };
}

function answered(numbers: number): LogRecord[] {
  return Array.from({ length: numbers }, (_, n) =>
    decided(`r${n}`, { demand: packFloats(DEMAND) }),
  );
}

describe("a journal's lifts", () => {
  it("are learnt from words, late and double ones too", async ({ expect }) => {
    const { append, lift } = open();
    await append(answered(300));
    const silent = (await lift())!; // Predicted 0.625; silence is a faint 1.
    expect(silent).toBeGreaterThan(0);
    await append(Array.from({ length: 300 }, (_, n) => said(`r${n}`, { score: 0 })));
    const bad = (await lift())!;
    expect(bad).toBeLessThan(-0.4);
    await append(Array.from({ length: 300 }, (_, n) => said(`r${n}`, { score: 0 })));
    expect(await lift()).toBe(bad);
    await append(
      Array.from({ length: 300 }, (_, n) =>
        said(`r${n}`, { score: 1, atMs: Date.UTC(2026, 11, 1) }),
      ),
    );
    expect(await lift()).toBeGreaterThan(0);
  });

  it("are of answers whose demand was kept alone", async ({ expect }) => {
    const { append, lift } = open();
    await append([
      decided("plain"),
      decided("failed", { demand: packFloats(DEMAND) }, { model: null, ending: "failed" }),
    ]);
    expect(await lift()).toBeUndefined();
  });

  it("outlive the instance, and not an erasure", async ({ expect }) => {
    const { stub, append, lift } = open();
    await append(answered(20));
    const before = await lift();
    await evictDurableObject(stub);
    expect(liftsAt(await stub.lifts(), { weights: WEIGHTS, demand: DEMAND }).get("a/small")).toBe(
      before,
    );
    await runInDurableObject(stub, (object: JournalObject) => object.erase());
    expect(await stub.lifts()).toEqual({});
  });
});
