/**
 * How long an isolate believes what it has been told, on a clock that the test moves: within the stated ages always,
 * beyond them never, whatever the directory does.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { LookupCache } from "../../../worker/lib/lookup-cache.ts";
import { AGES } from "../../../worker/tenants/known-tenants.ts";
import { manualTimers } from "../fixture/timers.ts";

/** A source of one value that can be changed, lost, or hang. */
function source() {
  const timers = manualTimers();
  const { clock, timer } = timers;
  const state = {
    value: "first" as string | undefined,
    mood: "well" as "well" | "down" | "silent",
    asked: 0,
  };
  const background: Promise<unknown>[] = [];
  const cache = new LookupCache<string>({
    ages: AGES,
    clock,
    timer,
    async ask() {
      state.asked++;
      if (state.mood === "silent") return new Promise(() => {});
      if (state.mood === "down") throw new Error("down");
      return state.value;
    },
  });
  return {
    state,
    cache,
    clock,
    advance: (ms: number) => timers.advance(ms),
    find: (id = "a") => cache.find(id, (work) => void background.push(work)),
    again: (id = "a") => cache.findAgain(id, (work) => void background.push(work)),
    settled: () => Promise.all(background.splice(0)),
  };
}

describe("LookupCache", () => {
  it("serves for 20 s without asking, and asks beside the answer until 30 s", async ({
    expect,
  }) => {
    const { state, find, advance, settled } = source();
    expect(await find()).toBe("first");
    state.value = "second";
    advance(19_999);
    expect(await find()).toBe("first");
    expect(state.asked).toBe(1);
    advance(1);
    expect(await find()).toBe("first");
    expect(state.asked).toBe(2);
    await settled();
    expect(await find()).toBe("second");
    expect(state.asked).toBe(2);
  });

  it("asks first once an answer is 30 s old", async ({ expect }) => {
    const { state, find, advance } = source();
    await find();
    state.value = "second";
    advance(30_000);
    expect(await find()).toBe("second");
  });

  it("serves what it has while nobody is reached, until 60 s and no longer", async ({ expect }) => {
    const { state, find, advance, settled } = source();
    await find();
    state.mood = "down";
    advance(25_000);
    expect(await find()).toBe("first");
    await settled();
    advance(34_999);
    expect(await find()).toBe("first");
    advance(1);
    await expect(find()).rejects.toThrow("down");
    state.mood = "well";
    expect(await find()).toBe("first");
  });

  it("gives up a question after 3 s, and asks again for whoever comes then", async ({ expect }) => {
    const { state, find, advance } = source();
    state.mood = "silent";
    const first = find();
    advance(3_000);
    await expect(first).rejects.toThrow("3000 ms");
    state.mood = "well";
    expect(await find()).toBe("first");
    expect(state.asked).toBe(2);
  });

  it("asks once for all who come at once, and goes on when the first has gone", async ({
    expect,
  }) => {
    const { state, find, settled } = source();
    expect(await Promise.all([find(), find(), find()])).toEqual(["first", "first", "first"]);
    expect(state.asked).toBe(1);
    expect(await Promise.all([find("b"), find("c")])).toEqual(["first", "first"]);
    expect(state.asked).toBe(3);
    expect(await settled()).toHaveLength(3);
  });

  it("remembers for 5 s that something is not there", async ({ expect }) => {
    const { state, find, advance, cache } = source();
    state.value = undefined;
    expect(await find()).toBeUndefined();
    state.value = "made";
    advance(4_999);
    expect(await find()).toBeUndefined();
    advance(1);
    expect(await find()).toBe("made");
    expect(cache.sizes).toEqual({ known: 1, absent: 0 });
  });

  it("asks again for who doubts an answer, once it is 2 s old and every 2 s at most", async ({
    expect,
  }) => {
    const { state, find, again, advance } = source();
    expect(await again()).toBeUndefined();
    expect(state.asked).toBe(0);
    await find();
    state.value = "second";
    advance(1_999);
    expect(await again()).toBeUndefined();
    expect(await find()).toBe("first");
    advance(1);
    expect(await Promise.all([again(), again(), again()])).toEqual(["second", "second", "second"]);
    expect(await find()).toBe("second");
    expect(state.asked).toBe(2);
    for (let ms = 0; ms < 20_000; ms += 100) {
      expect([undefined, "second"]).toContain(await again());
      advance(100);
    }
    expect(state.asked).toBe(11);
  });

  it("lets doubts wear out neither a source that is down nor what is remembered", async ({
    expect,
  }) => {
    const { state, find, again, advance } = source();
    await find();
    state.mood = "down";
    for (let ms = 0; ms < 20_000; ms += 100) {
      expect(await again()).toBeUndefined();
      advance(100);
    }
    expect(state.asked).toBe(10);
    expect(await find()).toBe("first");
  });

  it("forgets what has been removed", async ({ expect }) => {
    const { state, find, advance, cache } = source();
    await find();
    state.value = undefined;
    advance(30_000);
    expect(await find()).toBeUndefined();
    expect(cache.sizes).toEqual({ known: 0, absent: 1 });
  });

  it("lets guesses fill a thousand entries and no more, and push out nothing that is there", async ({
    expect,
  }) => {
    const { state, find, cache } = source();
    await find("real");
    state.value = undefined;
    for (let i = 0; i < 1_500; i++) await find(`guess-${i}`);
    expect(cache.sizes).toEqual({ known: 1, absent: 1_000 });
    const { asked } = state;
    expect(await find("real")).toBe("first");
    expect(state.asked).toBe(asked);
  });

  it("keeps the two thousand that were used last", async ({ expect }) => {
    const { state, find, cache } = source();
    await find("used");
    for (let i = 0; i < 2_500; i++) {
      await find(`key-${i}`);
      if (i % 500 === 0) await find("used");
    }
    expect(cache.sizes).toEqual({ known: 2_000, absent: 0 });
    await find("used");
    expect(state.asked).toBe(2_501);
    await find("key-0");
    expect(state.asked).toBe(2_502);
  });

  it("is never more than 60 s behind, nor 30 s while the source is well", async ({ expect }) => {
    const step = fc.record({
      ms: fc.nat({ max: 40_000 }),
      mood: fc.constantFrom("well", "down"),
      changes: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { state, find, advance, clock, settled } = source();
        /** When each value was replaced by the next. */
        const endedMs = new Map<string, number>();
        for (const [i, { ms, mood, changes }] of steps.entries()) {
          advance(ms);
          if (changes) {
            endedMs.set(state.value!, clock.nowMs());
            state.value = `value ${i}`;
          }
          state.mood = mood;
          const found = await find().catch(() => undefined);
          if (mood === "well") expect(found).toBeDefined();
          const behindMs = clock.nowMs() - (endedMs.get(found ?? "") ?? clock.nowMs());
          expect(behindMs).toBeLessThan(mood === "well" ? 30_000 : 60_000);
          await settled();
        }
      }),
    );
  });
});
