/** The mixture of single models for a sum of money, over a window and along it. */
import { describe, it } from "vitest";
import type { Window } from "../../../scripts/pacing/simulation.ts";
import { zeroRouterAt, zeroRouterCourse } from "../../../scripts/pacing/zero-router.ts";

const SET = { zeroRouter: ["acme/small", "acme/large"] };

/** Ten requests, one a second: the small model gives 0.5 for 10, the large one 0.9 for 50. */
const WINDOW: Window = {
  arrivals: Array.from({ length: 10 }, (_, k) => ({
    atMs: 1_000 * k,
    tookMs: 100,
    isolate: 0,
    question: {
      candidates: [],
      outcomes: new Map([
        ["acme/small", { quality: 0.5, costMicroUsd: 10 }],
        ["acme/large", { quality: 0.9, costMicroUsd: 50 }],
      ]),
    },
  })),
  windowMs: 10_000,
  limitMicroUsd: 300,
};

describe("the zero router", () => {
  it.for([
    [0, 0],
    [50, 0.25],
    [100, 0.5],
    [300, 0.7],
    [500, 0.9],
    [9_999, 0.9],
  ] as const)("gives for %i micro-dollars a quality of %d", ([spent, quality], { expect }) => {
    expect(zeroRouterAt(spent, SET, WINDOW)).toBeCloseTo(quality, 10);
  });

  it("gains along a course as requests come and money goes", ({ expect }) => {
    const course = [0, 150, 300].map((spentMicroUsd) => ({ spentMicroUsd, quality: 0 }));
    const [start, middle, end] = zeroRouterCourse({ course }, SET, WINDOW);
    expect(start).toBe(0);
    // Six of the ten have come: 60 for the small model, and 90 of the 240 more that the large one costs.
    expect(middle).toBeCloseTo(0.6 * (0.5 + (0.4 * 90) / 240), 10);
    expect(end).toBeCloseTo(zeroRouterAt(300, SET, WINDOW), 10);
  });
});
