/**
 * The promise, played on namespaces whose truth is known: curves of all kinds, steep and flat, some that can never
 * be served, some that rise where they should fall, popular entries that are always wrong. FC_RUNS=1000 plays more
 * of them.
 */
import { describe, inject, it } from "vitest";
import {
  falling,
  NEAR,
  play,
  someNamespace,
  spread,
  templated,
  truthOf,
  type Namespace,
} from "../../../../scripts/simulation/near-pairs.ts";
import { switchState } from "../../../../worker/cache/trust/trust.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

const BUDGET = 0.01;
const NAMESPACES = Math.ceil(inject("propertyRuns") / 2);
/** The second cluster of ten is wrong every other time, the others hardly ever. */
const UNLIKE_CLUSTERS: Namespace = {
  similarity: (draw) => spread(draw, 2),
  cluster: (draw) => Math.floor(10 * draw() ** 2),
  wrongShare: ({ similarity, cluster }) => (similarity < 0.85 ? 0.4 : cluster === 9 ? 0.5 : 0.0005),
};

function shareOf(hits: number, wrong: number): number {
  return hits === 0 ? 0 : wrong / hits;
}

describe("of the hits that are served", () => {
  it("more than the budget are wrong in at most one namespace in twenty", ({ expect }) => {
    let [broken, brokenByChance, opened] = [0, 0, 0];
    for (let k = 0; k < NAMESPACES; k++) {
      const random = randomFrom(7_919 * k + 13);
      const namespace = someNamespace(NEAR[k % NEAR.length]!, random);
      const { hits, wrong, expectedWrong } = play(namespace, {
        requests: 4_000,
        budget: BUDGET,
        random,
      });
      opened += Number(hits > 0);
      broken += Number(shareOf(hits, expectedWrong) > BUDGET);
      brokenByChance += Number(shareOf(hits, wrong) > BUDGET);
    }
    expect(opened).toBeGreaterThan(NAMESPACES / 5);
    expect(broken).toBeLessThanOrEqual(0.05 * NAMESPACES);
    // Few hits have a share of their own: one wrong one of fifty is two in a hundred.
    expect(brokenByChance).toBeLessThanOrEqual(0.1 * NAMESPACES);
  });

  it("none at all are served where nothing is below the budget", ({ expect }) => {
    for (const near of [0.02, 0.05]) {
      const namespace: Namespace = {
        similarity: (draw) => spread(draw, 1),
        wrongShare: () => near,
      };
      expect(
        play(namespace, { requests: 10_000, budget: BUDGET, random: randomFrom(1) }).hits,
      ).toBe(0);
    }
  });

  it("the budget holds where the most similar are the worst", ({ expect }) => {
    for (const [k, share] of [0.02, 0.1, 0.5].entries()) {
      const played = play(templated(share), {
        requests: 10_000,
        budget: BUDGET,
        random: randomFrom(k),
      });
      expect(shareOf(played.hits, played.expectedWrong)).toBeLessThanOrEqual(BUDGET);
    }
  });

  it("an entry that is often wrong is left out, and the others are served", ({ expect }) => {
    const played = play(UNLIKE_CLUSTERS, {
      requests: 12_000,
      budget: BUDGET,
      random: randomFrom(5),
    });
    expect(played.hits).toBeGreaterThan(3_000);
    expect(shareOf(played.hits, played.wrong)).toBeLessThan(BUDGET);
  });

  it("audits that come two hundred requests late change nothing of it", ({ expect }) => {
    const random = randomFrom(11);
    const namespace = { ...someNamespace(NEAR[1], random), delay: 200 };
    const { hits, wrong } = play(namespace, { requests: 10_000, budget: BUDGET, random });
    expect(hits).toBeGreaterThan(500);
    expect(shareOf(hits, wrong)).toBeLessThan(BUDGET);
  });
});

describe("as many are served", () => {
  it("as half of what one could who knew the truth, after 12,000 requests", ({ expect }) => {
    const namespace: Namespace = {
      similarity: (draw) => spread(draw, 2),
      wrongShare: ({ similarity }) =>
        falling({ far: 0.6, near: 0.001, middle: 0.85, width: 0.15 }, similarity),
    };
    const oracle = truthOf(namespace, { random: randomFrom(3), size: 100_000 }).oracle(BUDGET);
    const random = randomFrom(4);
    const { trust } = play(namespace, { requests: 12_000, budget: BUDGET, random });
    const later = play(namespace, { requests: 3_000, budget: BUDGET, random, from: trust });
    expect(later.hits / 3_000).toBeGreaterThan(oracle / 2);
    expect(later.hits / 3_000).toBeLessThan(oracle);
    expect(later.hitAudits / later.hits).toBeLessThan(0.1);
  });
});

describe("when answers change", () => {
  const DRIFT = 8_000;
  const MENDED = 9_500;

  it.for([0.1, 0.25, 0.5, 1])(
    "to %d wrong, hits stop, and come back when answers are right again",
    (share, { expect }) => {
      const namespace: Namespace = {
        similarity: (draw) => spread(draw, 2.5),
        wrongShare: ({ similarity }, at) =>
          at >= DRIFT && at < MENDED
            ? share
            : falling({ far: 0.5, near: 0.0005, middle: 0.8, width: 0.1 }, similarity),
      };
      const served: number[] = [];
      const { trust } = play(namespace, {
        requests: 13_000,
        budget: BUDGET,
        random: randomFrom(17),
        onRequest: ({ at, isServed }) => isServed && served.push(at),
      });
      const meanwhile = served.filter((at) => at >= DRIFT && at < MENDED);
      expect(served.filter((at) => at < DRIFT).length).toBeGreaterThan(2_000);
      expect(meanwhile.length * share).toBeLessThan(60);
      expect(meanwhile.at(-1)).toBeLessThan(MENDED - 500);
      expect(served.find((at) => at >= MENDED)).toBeLessThan(MENDED + 2_500);
      expect(trust.generation).toBeGreaterThan(0);
      expect(switchState(trust, { budget: BUDGET })).toBe("on");
    },
  );

  it("for good, hits stay away", ({ expect }) => {
    const namespace: Namespace = {
      similarity: (draw) => spread(draw, 2.5),
      wrongShare: (_pair, at) => (at < DRIFT ? 0.001 : 0.3),
    };
    const { trust } = play(namespace, { requests: 30_000, budget: BUDGET, random: randomFrom(3) });
    expect(switchState(trust, { budget: BUDGET })).toBe("off");
    expect(trust.generation).toBeLessThan(3);
  });
});
