/** A shard's rows and its table: what one instance wrote the next one answers. */
import { env, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { Shard } from "../../../../worker/cache/neighbours/shard.ts";
import { DIMS, madeUp, NaiveNeighbours, queryFor, stepsArbitrary } from "./naive-neighbours.ts";

let count = 0;

/** Runs beside the rows of an object that nobody else has. */
function withStorage<T>(work: (storage: DurableObjectStorage) => T): Promise<T> {
  const object = env.NEIGHBOURS.getByName(`shard-${count++}`);
  return runInDurableObject(object, (_, { storage }) => work(storage));
}

function readAll(shard: Shard): Shard {
  while (!shard.isRead) shard.read();
  return shard;
}

function kept(shard: Shard, n: number, more: Parameters<typeof madeUp>[1] = {}): string {
  return shard.insert({ ...madeUp(n, more), isLastResort: false });
}

/** Whether the shard finds each of these by their own vectors. */
function finds(shard: Shard, ...numbers: readonly number[]): boolean[] {
  return numbers.map((n) => {
    const entry = madeUp(n);
    return shard.nearest(queryFor(entry))?.[0]?.id === entry.id;
  });
}

describe("a shard", () => {
  it("answers what a list would, through restarts, expiry and erasure", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(stepsArbitrary, async (steps) => {
        await withStorage((storage) => {
          let shard = new Shard(storage, { chunkRows: 3 });
          const naive = new NaiveNeighbours();
          for (const step of steps) {
            if (step.kind === "ask") {
              const found = readAll(shard).nearest(step.query);
              expect(found && naive.objection(step.query, found)).toBeUndefined();
            } else if (step.kind === "insert") {
              expect(shard.insert({ ...step.entry, isLastResort: false })).toBe("kept");
              naive.insert(step.entry);
            } else if (step.kind === "restart") {
              shard = new Shard(storage, { chunkRows: 3 });
              shard.read();
            } else if (step.kind === "expire") {
              expect(shard.expire(step.nowMs)).toBe(true);
              naive.expire(step.nowMs);
            } else if (step.kind === "erase") {
              shard.erase();
              naive.entries.clear();
            } else {
              shard.remove(step.id);
              naive.remove(step.id);
            }
            expect(shard.size).toBe(naive.entries.size);
          }
        });
      }),
    );
  });

  it("takes in what comes and goes while it reads the rows of the one before", async ({
    expect,
  }) => {
    await withStorage((storage) => {
      const before = new Shard(storage);
      for (let n = 0; n < 10; n++) kept(before, n);
      const shard = new Shard(storage, { chunkRows: 4 });
      shard.read();
      expect([shard.isRead, shard.nearest(queryFor(madeUp(0)))]).toEqual([false, undefined]);
      shard.remove(madeUp(1).id);
      shard.remove(madeUp(8).id);
      kept(shard, 20);
      kept(shard, 9, { vector: madeUp(21).vector });
      expect(shard.size).toBe(9);
      readAll(shard);
      expect(finds(shard, 0, 1, 5, 8, 9, 20)).toEqual([true, false, true, false, false, true]);
      expect(shard.nearest(queryFor(madeUp(21)))?.[0]?.id).toBe(madeUp(9).id);
      expect(shard.size).toBe(9);
      const erased = new Shard(storage);
      erased.erase();
      expect([erased.isRead, erased.size]).toEqual([true, 0]);
    });
  });

  it("is full where it was told so, but for entries that it has", async ({ expect }) => {
    await withStorage((storage) => {
      const shard = new Shard(storage, { capacity: 2 });
      expect([0, 1, 2].map((n) => kept(shard, n))).toEqual(["kept", "kept", "full"]);
      expect(kept(shard, 1, { vector: madeUp(5).vector })).toBe("kept");
      expect([shard.size, ...finds(shard, 0, 1, 2)]).toEqual([2, true, false, false]);
    });
  });

  it("lets go of what was not used for longest, as a last resort", async ({ expect }) => {
    await withStorage((storage) => {
      const shard = new Shard(storage, { capacity: 3 });
      for (const n of [0, 1, 2]) kept(shard, n);
      finds(shard, 0);
      expect(shard.insert({ ...madeUp(3), isLastResort: true })).toBe("kept");
      expect([shard.size, ...finds(shard, 0, 1, 2, 3)]).toEqual([3, true, false, true, true]);
      const next = new Shard(storage, { capacity: 3 });
      expect(next.insert({ ...madeUp(4), isLastResort: true })).toBe("kept");
      readAll(next);
      expect([next.size, ...finds(next, 0, 2, 3, 4)]).toEqual([3, false, true, true, true]);
    });
  });

  it("refuses vectors of another length until it is empty", async ({ expect }) => {
    await withStorage((storage) => {
      const longer = { vector: new Int8Array(2 * DIMS).fill(1) };
      const shard = new Shard(storage);
      kept(shard, 0);
      expect(kept(shard, 1, longer)).toBe("refused");
      expect(kept(new Shard(storage), 1, longer)).toBe("refused");
      shard.remove(madeUp(0).id);
      expect(kept(shard, 1, longer)).toBe("kept");
      expect(shard.nearest(queryFor(madeUp(1, longer)))).toHaveLength(1);
      expect(readAll(new Shard(storage)).nearest(queryFor(madeUp(1, longer)))).toHaveLength(1);
    });
  });

  it("leaves nothing of what is removed, replaced, expired or erased", async ({ expect }) => {
    await withStorage((storage) => {
      function rows(): number[] {
        const tables = ["vectors", "prompts"];
        return tables.map((table) => storage.sql.exec(`SELECT at FROM ${table}`).toArray().length);
      }
      const shard = new Shard(storage);
      for (const n of [0, 1, 2, 3]) kept(shard, n, { expiresMs: 10 * (n + 1) });
      kept(shard, 1, { expiresMs: 25 });
      expect(rows()).toEqual([4, 4]);
      shard.remove(madeUp(0).id);
      expect([shard.nextExpiryMs(), ...rows()]).toEqual([25, 3, 3]);
      expect(shard.expire(25)).toBe(true);
      expect([shard.nextExpiryMs(), ...rows()]).toEqual([30, 2, 2]);
      shard.erase();
      expect([shard.nextExpiryMs(), shard.size, ...rows()]).toEqual([undefined, 0, 0, 0]);
    });
  });

  it("deletes what has expired a thousand at a time", async ({ expect }) => {
    await withStorage((storage) => {
      const shard = new Shard(storage);
      storage.transactionSync(() => {
        for (let n = 0; n < 1_001; n++) kept(shard, n, { expiresMs: 1 });
      });
      expect([shard.expire(1), shard.size, shard.expire(1), shard.size]).toEqual([
        false,
        1,
        true,
        0,
      ]);
    });
  });
});
