/** The object that watches: each observation once, nothing lost when it begins anew, news and events. */
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Observation } from "../../../../worker/domain/observation.ts";
import { evenShares } from "../../../../worker/learning/detectors/feature-drift.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";
import { madeUpObservation } from "../detectors/made-up-observation.ts";
import { parseExposition } from "./exposition-parser.ts";

let names = 0;

function objectOfItsOwn() {
  return env.WATCH.getByName(`watch-${names++}`);
}

function told(number: number, more: Partial<Observation> = {}): Observation {
  return madeUpObservation({ number, id: `req_${number}`, atMs: Date.now(), ...more });
}

/** Requests that were counted. */
async function requestsAt(watch: { metrics(): Promise<string> }): Promise<number> {
  const { values } = parseExposition(await watch.metrics()).get("sluice_requests_total")!;
  return [...values.values()].reduce((sum, one) => sum + one, 0);
}

/** Words of 300 requests that liked a model, and of 100 that did not. */
function collapse(): Observation[] {
  const random = randomFrom(1);
  return Array.from({ length: 400 }, (_, n) => {
    const value = random() < (n < 300 ? 0.8 : 0.1) ? 1 : 0;
    return told(n + 1, { isSpoken: true, reward: { value, weight: 1 } });
  });
}

/** Shifts fade as time passes. */
function withoutShifts(text: string): string {
  return text.replaceAll(/^sluice_model_shift.*$/gm, "");
}

describe("the object that watches", () => {
  it("counts each of a tenant's observations once, in however many pieces they come", async ({
    expect,
  }) => {
    const cuts = fc.array(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 10 })), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(cuts, async (pieces) => {
        const watch = objectOfItsOwn();
        let most = 0;
        for (const [from, length] of pieces) {
          const first = Math.min(from, most); // What was told before may come again, nothing is left out.
          most = Math.max(most, first + length);
          const piece = Array.from({ length }, (_, k) => told(first + k + 1));
          await watch.observe([...piece, ...piece.map((one) => ({ ...one, tenant: "other" }))]);
          expect(await requestsAt(watch)).toBe(2 * most);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("goes on where it was when it begins anew", async ({ expect }) => {
    const watch = objectOfItsOwn();
    await watch.observe(collapse());
    const before = await watch.metrics();
    const { news, events } = await watch.report();
    expect(Object.keys(news.shifts)).toEqual(["openai/gpt-5.4-mini"]);
    expect(events).toMatchObject([{ event: "drift_began", what: "model:openai/gpt-5.4-mini" }]);
    await evictDurableObject(watch);
    const again = env.WATCH.getByName(`watch-${names - 1}`);
    await again.observe(collapse());
    expect(withoutShifts(await again.metrics())).toBe(withoutShifts(before));
    expect((await again.report()).events).toEqual([]);
  });

  it("begins anew where it cannot read itself, but for the totals and the numbers", async ({
    expect,
  }) => {
    const watch = objectOfItsOwn();
    await watch.observe(collapse());
    await runInDurableObject(watch, (_, { storage }) => {
      storage.sql.exec("UPDATE parts SET value = '[1' WHERE name = 'arms'");
    });
    await evictDurableObject(watch);
    const again = env.WATCH.getByName(`watch-${names - 1}`);
    await again.observe(collapse());
    expect(await requestsAt(again)).toBe(400);
    expect((await again.report()).news.shifts).toEqual({});
  });

  it("takes nothing of what is not an observation, nor what came with it", async ({ expect }) => {
    const watch = objectOfItsOwn();
    await runInDurableObject(watch, (object) => {
      expect(() => object.observe([told(1), { number: 2 }])).toThrow();
      expect(() => object.teach("w", { shares: [[1]], novelty: 0 })).toThrow();
    });
    expect(await requestsAt(watch)).toBe(0);
    await watch.observe([told(1)]);
    expect(await requestsAt(watch)).toBe(1);
  });

  it("ends a trial for an operator and tells it to one who keeps a log", async ({ expect }) => {
    const watch = objectOfItsOwn();
    await watch.halt(5, "operator");
    const { news, events } = await watch.report();
    expect(news.halted).toEqual([{ serial: 5, why: "operator" }]);
    expect(events).toMatchObject([{ event: "trial_halted", what: "5", why: "operator" }]);
    expect((await watch.report()).events).toEqual([]);
  });

  it("wants to know what the followed release was trained on until it is told", async ({
    expect,
  }) => {
    const watch = objectOfItsOwn();
    expect((await watch.report()).wants).toBeUndefined();
    await watch.observe([told(1)]);
    expect((await watch.report()).wants).toBe("mf-1@0123456789ab");
    await watch.teach("mf-1@0123456789ab", { shares: evenShares(10), novelty: 0.1 });
    expect((await watch.report()).wants).toBeUndefined();
  });
});
