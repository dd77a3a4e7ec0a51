/** A tenant's namespace: its secret, its purges, its counts, and what it refuses to be told. */
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { MAX_PURGED_TAGS } from "../../../../worker/cache/answers/namespace-object.ts";

let count = 0;

function open() {
  return env.CACHE.getByName(`namespace-${count++}`);
}

const AUDIT = { similarity: 1, wasServed: false, auditShare: 1, generation: 0, isRight: true };

describe("a tenant's namespace", () => {
  it("has one secret until everything is purged, also after its object was evicted", async ({
    expect,
  }) => {
    const object = open();
    const { secret } = await object.namespace();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    await evictDurableObject(object);
    expect((await object.namespace()).secret).toBe(secret);
    await object.purge(undefined);
    expect((await object.namespace()).secret).not.toBe(secret);
    expect((await open().namespace()).secret).not.toBe(secret);
  });

  it("counts purges of tags, and names for each tag the last", async ({ expect }) => {
    const object = open();
    await object.namespace();
    await object.purge(["a", "b"]);
    await object.purge(["b"]);
    const { purges, purged } = await object.namespace();
    expect(purges).toBe(2);
    expect(Object.fromEntries(purged)).toEqual({ a: 1, b: 2 });
  });

  it("purges everything rather than remember more tags than isolates can be told", async ({
    expect,
  }) => {
    const object = open();
    const { secret } = await object.namespace();
    const tags = Array.from({ length: MAX_PURGED_TAGS }, (_, n) => `t${n}`);
    await object.purge(tags);
    expect((await object.namespace()).secret).toBe(secret);
    await object.purge(["one-more"]);
    const after = await object.namespace();
    expect(after.secret).not.toBe(secret);
    expect([after.purges, after.purged]).toEqual([0, []]);
  });

  it("makes nothing for who only looks or purges", async ({ expect }) => {
    const object = open();
    await object.purge(["a"]);
    await object.purge(undefined);
    expect(await object.standing()).toMatchObject({ days: [], likeness: { state: "learning" } });
    expect((await object.standing()).sinceMs).toBeUndefined();
  });

  it("learns from audits, and keeps what it learnt through a purge and not through an erasure", async ({
    expect,
  }) => {
    const object = open();
    await object.audit(AUDIT, { budget: 0.01 });
    await object.audit({ ...AUDIT, isRight: false }, { budget: 0.01 });
    await object.purge(undefined);
    expect((await object.standing()).total).toMatchObject({ audits: 2, wrong: 1 });
    expect((await object.namespace()).trust).not.toBeNull();
    await object.erase();
    expect((await object.standing()).total).toMatchObject({ audits: 0, wrong: 0 });
    expect((await object.namespace()).trust).toBeNull();
  });

  it("refuses what it cannot read, and begins anew where what it kept is none", async ({
    expect,
  }) => {
    const object = open();
    for (const budget of [0, 1, "0.01", undefined])
      await expect(
        runInDurableObject(object, async (kept) => kept.audit(AUDIT, { budget })),
      ).rejects.toThrow();
    await expect(
      runInDurableObject(object, async (kept) =>
        kept.audit({ ...AUDIT, similarity: 2 }, { budget: 0.01 }),
      ),
    ).rejects.toThrow();
    await expect(
      runInDurableObject(object, async (kept) => kept.count({ hits: -1 })),
    ).rejects.toThrow();
    await runInDurableObject(object, async (_, state) => {
      state.storage.sql.exec("INSERT INTO trust (id, state) VALUES (1, '{\"version\":0}')");
    });
    await object.audit(AUDIT, { budget: 0.01 });
    expect((await object.standing()).likeness).toMatchObject({ state: "learning", trips: 0 });
  });

  it("counts ninety days", async ({ expect }) => {
    const object = open();
    await runInDurableObject(object, async (_, state) => {
      for (let day = 0; day < 100; day++)
        state.storage.sql.exec(
          "INSERT INTO days (date, hits) VALUES (?, 1)",
          new Date(day * 86_400_000).toISOString().slice(0, 10),
        );
    });
    await object.count({ hits: 5, savedMicroUsd: 7 });
    const { days, total } = await object.standing();
    expect(days).toHaveLength(90);
    expect(days[0]).toMatchObject({ hits: 5, savedMicroUsd: 7 });
    expect(total.hits).toBe(94);
  });
});
