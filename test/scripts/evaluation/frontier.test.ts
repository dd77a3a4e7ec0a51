/**
 * Two models and two prompts, few enough to draw: choices along λ, AIQ as areas worked out by hand, and
 * the corners of the hull. One router foresees the outcomes, the other expects the same of both prompts.
 */
import { describe, it } from "vitest";
import {
  aiq,
  always,
  costRange,
  frontierOf,
  lambdasFor,
  meansOf,
  sweep,
  zeroRouterModels,
  type OfferedRow,
} from "../../../scripts/evaluation/frontier.ts";

/** Two models: cheap costs 1 and is right on the first of two prompts, dear costs 3 and is always right. */
const CHEAP_RIGHT = { quality: 1, costUsd: 1 };
const CHEAP_WRONG = { quality: 0, costUsd: 1 };
const DEAR = { quality: 1, costUsd: 3 };
const FORESEEN: OfferedRow[] = [
  { row: 0, expected: [CHEAP_RIGHT, DEAR], actual: [CHEAP_RIGHT, DEAR] },
  { row: 1, expected: [CHEAP_WRONG, DEAR], actual: [CHEAP_WRONG, DEAR] },
];
const UNFORESEEN = FORESEEN.map((row) => ({
  ...row,
  expected: [
    { quality: 0.5, costUsd: 1 },
    { quality: 1, costUsd: 3 },
  ],
}));

describe("sweep", () => {
  it("takes the best at λ = 0, the cheaper of equals, and the cheapest at λ = ∞", ({ expect }) => {
    const [free, steep] = sweep(FORESEEN, [0, Infinity]);
    expect(free!.actual).toEqual([CHEAP_RIGHT, DEAR]);
    expect(steep!.actual).toEqual([CHEAP_RIGHT, CHEAP_WRONG]);
  });

  it("changes its mind where λ times the difference in cost is the difference in quality", ({
    expect,
  }) => {
    const chosen = sweep(UNFORESEEN, [0.249, 0.251]).map(({ actual }) => actual[1]);
    expect(chosen).toEqual([DEAR, CHEAP_WRONG]);
  });

  it("covers four decades of prices to each side of the dearest model", ({ expect }) => {
    const lambdas = lambdasFor(0.01);
    expect(lambdas[0]).toBe(0);
    expect(lambdas[1]).toBeCloseTo(0.01, 10);
    expect(lambdas.at(-2)).toBeCloseTo(1e6, 0);
    expect(lambdas.at(-1)).toBe(Infinity);
    expect(lambdasFor(0)).toEqual([0, Infinity]);
  });
});

describe("meansOf", () => {
  it("weighs rows by how often they were drawn", ({ expect }) => {
    const settings = [always(FORESEEN, 0)];
    expect(meansOf(settings)).toEqual([{ cost: 1, quality: 0.5 }]);
    expect(meansOf(settings, Float64Array.of(3, 1))).toEqual([{ cost: 1, quality: 0.75 }]);
    expect(meansOf(settings, Float64Array.of(0, 0))).toEqual([]);
  });
});

describe("aiq", () => {
  const range = costRange(FORESEEN);

  it("is the mean height of the zero router's line", ({ expect }) => {
    expect(range).toEqual({ from: 1, to: 3 });
    const singles = meansOf([always(FORESEEN, 0), always(FORESEEN, 1)]);
    expect(aiq(singles, range)).toBeCloseTo(0.75, 12); // From 0.5 at cost 1 to 1 at cost 3.
  });

  it("is larger for a router that foresees: it is all right at cost 2", ({ expect }) => {
    const points = meansOf(sweep(FORESEEN, lambdasFor(3)));
    // From 0.5 at cost 1 to 1 at cost 2, then flat: (0.75 + 1) / 2.
    expect(aiq(points, range)).toBeCloseTo(0.875, 12);
  });

  it("mixes with refusing below the cheapest point", ({ expect }) => {
    // A line from (0, 0) to (4, 1), from cost 1 to 3: 0.25 to 0.75.
    expect(aiq([{ cost: 4, quality: 1 }], range)).toBeCloseTo(0.5, 12);
  });

  it("does not fall where a dearer choice is worse", ({ expect }) => {
    const points = [
      { cost: 1, quality: 0.8 },
      { cost: 3, quality: 0.1 },
    ];
    expect(aiq(points, range)).toBeCloseTo(0.8, 12);
  });

  it("is the height itself where all models cost the same, and undefined for nothing", ({
    expect,
  }) => {
    const equal = { from: 2, to: 2 };
    const points = [
      { cost: 2, quality: 0.3 },
      { cost: 2, quality: 0.6 },
    ];
    expect(aiq(points, equal)).toBeCloseTo(0.6, 12);
    expect(aiq([{ cost: 2, quality: 0.3 }], equal)).toBeCloseTo(0.3, 12);
    expect(aiq([], range)).toBeNaN();
  });
});

describe("frontierOf and zeroRouterModels", () => {
  it("keep the corners of the hull", ({ expect }) => {
    const points = [
      { cost: 1, quality: 0.5 },
      { cost: 2, quality: 0.55 },
      { cost: 3, quality: 0.9 },
      { cost: 4, quality: 0.9 },
    ];
    expect(zeroRouterModels(points)).toEqual([0, 2]);
    expect(frontierOf(points)).toEqual([
      { cost: 0, quality: 0 },
      { cost: 1, quality: 0.5 },
      { cost: 3, quality: 0.9 },
    ]);
    expect(zeroRouterModels([{ cost: 1, quality: 0.5 }])).toEqual([0]);
  });
});
