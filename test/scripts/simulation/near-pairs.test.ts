/** What a made-up namespace says of itself, against sums that a person can do. */
import { describe, it } from "vitest";
import {
  falling,
  NEAR,
  play,
  someNamespace,
  truthOf,
  type Namespace,
  type Seen,
} from "../../../scripts/simulation/near-pairs.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

/** Similarities evenly from 0 to 1; wrong where they are below a half. */
const HALF: Namespace = {
  similarity: (draw) => draw(),
  wrongShare: ({ similarity }) => Number(similarity < 0.5),
};
/** As near as can be, and right until the 8,000th request. */
const CHANGING: Namespace = {
  similarity: () => 0.999,
  wrongShare: (_pair, at) => Number(at >= 8_000),
};

describe("truthOf", () => {
  const truth = truthOf(HALF, { random: randomFrom(1), size: 20_000 });

  it("knows what a threshold serves, and how much of it is wrong", ({ expect }) => {
    expect(truth.reachOf(0.75).served).toBeCloseTo(0.25, 1);
    expect(truth.reachOf(0.75).wrong).toBe(0);
    expect(truth.reachOf(0.25).wrong).toBeCloseTo(1 / 3, 1);
    expect(truth.reachOf(-1)).toMatchObject({ served: 1 });
    expect(truth.reachOf(2)).toEqual({ served: 0, wrong: 0 });
  });

  it("finds the loosest threshold within a budget", ({ expect }) => {
    expect(truth.oracle(0)).toBeCloseTo(0.5, 1);
    expect(truth.oracle(0.5)).toBeCloseTo(1, 1);
  });
});

describe("play", () => {
  it("counts what it shows, and hits end with the trip", ({ expect }) => {
    const seen: Seen[] = [];
    const played = play(CHANGING, {
      requests: 8_500,
      budget: 0.01,
      random: randomFrom(2),
      onRequest: (one) => seen.push(one),
    });
    const served = seen.filter(({ isServed }) => isServed);
    expect(served).toHaveLength(played.hits);
    expect(served[0]!.at).toBe(played.firstHit);
    expect(served.filter(({ isWrong }) => isWrong)).toHaveLength(played.wrong);
    expect(served.filter(({ isAudited }) => isAudited)).toHaveLength(played.hitAudits);
    expect(played.trips).toEqual([served.at(-1)!.at]);
  });

  it("goes on from a state, and tells only of its own trips", ({ expect }) => {
    const random = randomFrom(3);
    const before = play(CHANGING, { requests: 8_500, budget: 0.01, random });
    const after = play(CHANGING, { requests: 1_000, budget: 0.01, random, from: before.trust });
    expect(before.trips).toHaveLength(1);
    expect(after.trips).toEqual([]);
    expect(after.hits).toBeGreaterThan(0);
  });
});

describe("someNamespace", () => {
  it("is never wrong less often than at its nearest, and most at its farthest", ({ expect }) => {
    for (const near of NEAR) {
      const { wrongShare } = someNamespace(near, randomFrom(4));
      const shares = [0.7, 0.9, 0.99, 0.999].map((similarity) =>
        wrongShare({ similarity, cluster: 0 }, 0),
      );
      expect(shares).toEqual(shares.toSorted((a, b) => b - a));
      expect(shares.at(-1)).toBeGreaterThanOrEqual(near);
    }
    expect(falling({ far: 0.6, near: 0.2, middle: 0.9, width: 0.1 }, 0.9)).toBeCloseTo(0.4, 12);
  });
});
