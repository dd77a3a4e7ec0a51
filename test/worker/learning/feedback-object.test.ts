/** One tenant's feedback: one opinion for each source, in the order in which it was said last, for ninety days. */
import {
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Feedback } from "../../../worker/domain/feedback.ts";
import {
  FEEDBACK_KEPT_MS,
  feedbackStore,
  MAX_SOURCES,
} from "../../../worker/learning/feedback-object.ts";

const store = feedbackStore(env.FEEDBACK);
const ALL = { after: 0, limit: 1_000 };

let count = 0;

function tenantOfItsOwn(): string {
  return `tenant-${count++}`;
}

function said(more: Partial<Feedback> = {}): Feedback {
  return { requestId: "req_1", source: "user", score: 1, givenMs: Date.now(), ...more };
}

describe("the feedback of a tenant", () => {
  it("has one opinion for each source, the last", async ({ expect }) => {
    const tenant = tenantOfItsOwn();
    const first = said({ score: 0.25, comment: "no" });
    await store.keep(tenant, first);
    await store.keep(tenant, said({ source: "judge", score: 0.5 }));
    await store.keep(tenant, said({ score: 1, givenMs: 5 }));
    const kept = await store.list(tenant, ALL);
    expect(kept.map(({ source, score, comment }) => [source, score, comment])).toEqual([
      ["judge", 0.5, undefined],
      ["user", 1, undefined],
    ]);
  });

  it("is not changed by the same again", async ({ expect }) => {
    const tenant = tenantOfItsOwn();
    for (const comment of [undefined, "good"]) {
      const given = said({ comment });
      await store.keep(tenant, given);
      const before = await store.list(tenant, ALL);
      await store.keep(tenant, { ...given, givenMs: given.givenMs + 1 });
      expect(await store.list(tenant, ALL)).toEqual(before);
    }
  });

  it("misses nothing when it is read page by page while more is said", async ({ expect }) => {
    const opinion = fc
      .tuple(
        fc.constantFrom("a", "b", "c"),
        fc.constantFrom("user", "judge"),
        fc.constantFrom(0, 0.5, 1),
      )
      .map(([requestId, source, score]) => said({ requestId, source, score }));
    const step = fc.oneof(opinion, fc.constant("read" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const tenant = tenantOfItsOwn();
        const wanted = new Map<string, number>();
        const seen = new Map<string, number>();
        let after = 0;
        async function read(): Promise<number> {
          const page = await store.list(tenant, { after, limit: 2 });
          for (const { requestId, source, score } of page)
            seen.set(`${requestId} ${source}`, score);
          after = page.at(-1)?.at ?? after;
          return page.length;
        }
        for (const taken of steps) {
          if (taken === "read") await read();
          else {
            wanted.set(`${taken.requestId} ${taken.source}`, taken.score);
            await store.keep(tenant, taken);
          }
        }
        while ((await read()) > 0);
        expect(seen).toEqual(wanted);
      }),
      { numRuns: 20 },
    );
  });

  it("takes no more sources of a request than a few, and their changes always", async ({
    expect,
  }) => {
    const tenant = tenantOfItsOwn();
    for (let at = 0; at < MAX_SOURCES; at++)
      expect(await store.keep(tenant, said({ source: `s${at}` }))).toBe("kept");
    expect(await store.keep(tenant, said({ source: "one-more" }))).toBe("full");
    expect(await store.keep(tenant, said({ source: "s0", score: 0 }))).toBe("kept");
    expect(await store.keep(tenant, said({ source: "one-more", requestId: "req_2" }))).toBe("kept");
  });

  it("is nobody else's", async ({ expect }) => {
    const [one, other] = [tenantOfItsOwn(), tenantOfItsOwn()];
    await store.keep(one, said());
    expect(await store.list(other, ALL)).toEqual([]);
    await store.erase(other);
    expect(await store.list(one, ALL)).toHaveLength(1);
  });

  it("outlives an eviction, and is forgotten when it is erased", async ({ expect }) => {
    const tenant = tenantOfItsOwn();
    await store.keep(tenant, said({ comment: "ü 💸 'quoted'" }));
    await evictDurableObject(env.FEEDBACK.getByName(tenant));
    const [kept] = await store.list(tenant, ALL);
    expect(kept).toMatchObject({ comment: "ü 💸 'quoted'" });
    await store.erase(tenant);
    expect(await store.list(tenant, ALL)).toEqual([]);
    await store.keep(tenant, said());
    const [next] = await store.list(tenant, { after: kept!.at, limit: 1 });
    expect(next).toMatchObject({ requestId: "req_1" });
  });

  it("of a tenant that says too much is the latest hundred thousand", async ({ expect }) => {
    const tenant = tenantOfItsOwn();
    const stub = env.FEEDBACK.getByName(tenant);
    for (const requestId of ["req_1", "req_2"]) await store.keep(tenant, said({ requestId }));
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("UPDATE feedback SET at = 100000 WHERE at = 2");
    });
    await store.keep(tenant, said({ requestId: "req_3" }));
    const kept = await store.list(tenant, ALL);
    expect(kept.map(({ requestId }) => requestId)).toEqual(["req_2", "req_3"]);
  });

  it("is forgotten after ninety days by an alarm, which waits for the next oldest", async ({
    expect,
  }) => {
    const tenant = tenantOfItsOwn();
    const stub = env.FEEDBACK.getByName(tenant);
    function alarmMs(): Promise<number | null> {
      return runInDurableObject(stub, (_, state) => state.storage.getAlarm());
    }
    const youngMs = Date.now();
    const oldMs = youngMs - FEEDBACK_KEPT_MS + 60_000;
    await store.keep(tenant, said({ givenMs: oldMs }));
    expect(await alarmMs()).toBe(oldMs + FEEDBACK_KEPT_MS);
    await store.keep(tenant, said({ requestId: "req_2", givenMs: youngMs }));
    await store.keep(tenant, said({ givenMs: oldMs - 60_000, score: 0 }));
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await store.list(tenant, ALL)).toMatchObject([{ requestId: "req_2" }]);
    expect(await alarmMs()).toBe(youngMs + FEEDBACK_KEPT_MS);
    await store.erase(tenant);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await alarmMs()).toBeNull();
  });
});
