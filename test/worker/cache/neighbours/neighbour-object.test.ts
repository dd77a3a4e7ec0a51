/** The Durable Object of a shard: eviction, alarms, many rows, and what it will not read. */
import {
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { describe, it } from "vitest";
import { Shard } from "../../../../worker/cache/neighbours/shard.ts";
import { DIMS, madeUp, queryFor } from "./naive-neighbours.ts";

let count = 0;

function shardOfItsOwn() {
  return env.NEIGHBOURS.getByName(`object-${count++}`);
}

function asInsertion(n: number, more: object = {}) {
  return { ...madeUp(n), isLastResort: false, ...more };
}

describe("the object of a shard", () => {
  it("forgets nothing when it is evicted", async ({ expect }) => {
    const object = shardOfItsOwn();
    expect(await object.insert(asInsertion(1))).toEqual({ shards: 1, outcome: "kept" });
    await object.insert(asInsertion(2));
    await object.remove(madeUp(2).id);
    await object.open(3);
    await evictDurableObject(object);
    const { id, text, epoch } = madeUp(1);
    expect(await object.nearest(queryFor(madeUp(1)))).toEqual({
      shards: 3,
      found: [{ id, text, epoch, similarity: 1 }],
    });
    expect((await object.nearest(queryFor(madeUp(2)))).found).toEqual([]);
    expect(await object.state()).toMatchObject({ size: 1, isRead: true });
  });

  it("says at once that it knows nothing yet, reads on, and takes in what comes", async ({
    expect,
  }) => {
    const object = shardOfItsOwn();
    await runInDurableObject(object, (_, { storage }) => {
      const shard = new Shard(storage);
      storage.transactionSync(() => {
        for (let n = 0; n < 2_500; n++) shard.insert(asInsertion(n));
      });
    });
    await evictDurableObject(object);
    expect((await object.nearest(queryFor(madeUp(2_400)))).found).toBeNull();
    await object.insert(asInsertion(3_000));
    // Nobody asks meanwhile; timers have their turn.
    while (!(await object.state()).isRead) await new Promise((resolve) => setTimeout(resolve, 0));
    for (const n of [0, 2_499, 3_000])
      expect((await object.nearest(queryFor(madeUp(n)))).found?.[0]?.id).toBe(madeUp(n).id);
    expect((await object.state()).size).toBe(2_501);
  });

  it("deletes by its alarm what has expired, and sets the next one", async ({ expect }) => {
    const object = shardOfItsOwn();
    const later = Date.now() + 9e8;
    await object.insert(asInsertion(1, { expiresMs: later }));
    await object.insert(asInsertion(2, { expiresMs: 5 }));
    await evictDurableObject(object);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect((await object.state()).size).toBe(1);
    const alarmMs = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(alarmMs).toBe(later);
    await object.insert(asInsertion(3, { expiresMs: 5 }));
    const soonerMs = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(soonerMs).toBeLessThan(later);
    await object.remove(madeUp(1).id);
    await runDurableObjectAlarm(object);
    expect(await runDurableObjectAlarm(object)).toBe(false);
  });

  it("looks again within a month, however late the first entry expires", async ({ expect }) => {
    const object = shardOfItsOwn();
    await object.insert(asInsertion(1, { expiresMs: 9e15 }));
    const alarmMs = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(alarmMs).toBeLessThan(Date.now() + 31 * 86_400_000);
    await runDurableObjectAlarm(object);
    expect((await object.state()).size).toBe(1);
    expect(await runDurableObjectAlarm(object)).toBe(true);
  });

  it("erases all, and all shards but itself", async ({ expect }) => {
    const object = shardOfItsOwn();
    await object.insert(asInsertion(1));
    expect(await object.open(4)).toEqual({ shards: 4 });
    expect(await object.open(2)).toEqual({ shards: 4 });
    expect(await object.erase()).toEqual({ shards: 1 });
    await evictDurableObject(object);
    expect(await object.nearest(queryFor(madeUp(1)))).toEqual({ shards: 1, found: [] });
  });

  it.for([
    ["an id that is none", { id: "1" }],
    ["a frame that is none", { frame: "F".repeat(64) }],
    ["a vector of another kind", { vector: [1, 2, 3] }],
    ["a vector of an odd length", { vector: new Int8Array(DIMS + 1) }],
    ["a vector of no length", { vector: new Int8Array(0) }],
    ["a vector too long", { vector: new Int8Array(2_048) }],
    ["a text too long", { text: "x".repeat(8_193) }],
    ["an epoch in parts", { epoch: 0.5 }],
    ["a time that never comes", { expiresMs: Number.NaN }],
    ["no word of its last resort", { isLastResort: undefined }],
  ] as const)("does not take in %s", async ([, more], { expect }) => {
    const object = shardOfItsOwn();
    await runInDurableObject(object, async (instance) => {
      await expect(instance.insert(asInsertion(1, more))).rejects.toThrow();
      expect(await instance.state()).toMatchObject({ size: 0 });
    });
  });

  it.for([
    ["more than there may be", { count: 33 }],
    ["none", { count: 0 }],
    ["more than equal ones", { atLeast: 1.1 }],
    ["no time", { nowMs: undefined }],
  ] as const)("is not asked for %s", async ([, more], { expect }) => {
    const query = { ...queryFor(madeUp(1)), ...more };
    await runInDurableObject(shardOfItsOwn(), (instance) =>
      expect(instance.nearest(query)).rejects.toThrow(),
    );
  });

  it("leaves out what a newer isolate says", async ({ expect }) => {
    const object = shardOfItsOwn();
    await object.insert(asInsertion(1, { colour: "blue" }));
    const { found } = await object.nearest({ ...queryFor(madeUp(1)), metric: "taxicab" });
    expect(Object.keys(found?.[0] ?? {}).toSorted()).toEqual(["epoch", "id", "similarity", "text"]);
  });
});
