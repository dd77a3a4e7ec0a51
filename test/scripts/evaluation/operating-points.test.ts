/**
 * Numbers of operating points, worked out by hand on hulls of two and three corners, and on the cases in
 * which they mean little: one model, equal costs, no cost at all, a quality that nobody reaches, no row.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { always, costRange, sweep, type OfferedRow } from "../../../scripts/evaluation/frontier.ts";
import { aiq } from "../../../scripts/evaluation/frontier.ts";
import {
  costReaching,
  operatingNumbers,
  peakQuality,
  routerBenchAiq,
} from "../../../scripts/evaluation/operating-points.ts";
import type { PreparedFrontier } from "../../../scripts/evaluation/prepare-set.ts";

const CORNERS = [
  { cost: 1, quality: 0.5 },
  { cost: 3, quality: 0.75 },
  { cost: 2, quality: 0.1 },
];

describe("routerBenchAiq", () => {
  it("is the area from the cheapest setting on, over the dearest cost", ({ expect }) => {
    // From 1 to 3: 2 × (0.5 + 0.75) / 2 = 1.25; from 3 to 5 flat: 1.5. Nothing from 0 to 1.
    expect(routerBenchAiq(CORNERS, 5)).toBeCloseTo((1.25 + 1.5) / 5, 12);
    expect(routerBenchAiq(CORNERS, 3)).toBeCloseTo(1.25 / 3, 12);
  });

  it("is the flat remainder for one setting, and undefined for none or for free", ({ expect }) => {
    expect(routerBenchAiq([{ cost: 1, quality: 0.8 }], 4)).toBeCloseTo(0.6, 12);
    expect(routerBenchAiq([{ cost: 4, quality: 0.8 }], 4)).toBe(0);
    expect(routerBenchAiq([], 4)).toBeNaN();
    expect(routerBenchAiq([{ cost: 0, quality: 1 }], 0)).toBeNaN();
  });

  it("never exceeds the peak, nor falls when a setting is added left of the dearest", ({
    expect,
  }) => {
    const point = fc.record({
      cost: fc.double({ min: 0.1, max: 9, noNaN: true }),
      quality: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 8 }), point, (points, added) => {
        const before = routerBenchAiq(points, 10);
        expect(before).toBeLessThanOrEqual(peakQuality(points) + 1e-9);
        expect(routerBenchAiq([...points, added], 10)).toBeGreaterThanOrEqual(before - 1e-9);
      }),
    );
  });
});

describe("costReaching and peakQuality", () => {
  it("take the cheapest that is good enough, and know when none is", ({ expect }) => {
    expect(costReaching(CORNERS, 0.5)).toBe(1);
    expect(costReaching(CORNERS, 0.51)).toBe(3);
    expect(costReaching(CORNERS, 0.76)).toBeNaN();
    expect(costReaching([], 0)).toBeNaN();
    expect(peakQuality(CORNERS)).toBe(0.75);
    expect(peakQuality([])).toBeNaN();
  });
});

/** Cheap at 1 is right on the first of two prompts, dear at 4 on both; `expected` is what a router thinks. */
function frontierOf(expected: "known" | "constant", [cheap, dear] = [1, 4]): PreparedFrontier {
  const rows: OfferedRow[] = [0, 1].map((row) => {
    const actual = [
      { quality: row === 0 ? 1 : 0, costUsd: cheap },
      { quality: 1, costUsd: dear },
    ];
    const constant = actual.map(({ costUsd }) => ({ quality: 0.5, costUsd }));
    return { row, actual, expected: expected === "known" ? actual : constant };
  });
  const settings = sweep(rows, [0, 0.01, Infinity]);
  return {
    models: [],
    settingsOf: new Map([
      ["router", settings],
      ["oracle", settings],
    ]),
    singles: [always(rows, 0), always(rows, 1)],
    zeroRouter: [0, 1],
    bestSingle: 1,
    range: costRange(rows),
    rowCount: 2,
  };
}

describe("operatingNumbers", () => {
  it("gives a router that knows the best quality at 5/8 of the best single model's cost", ({
    expect,
  }) => {
    const numbers = operatingNumbers(frontierOf("known"), Float64Array.of(1, 1));
    expect(numbers["peak.router"]).toBe(1);
    expect(numbers["costRatio.router"]).toBeCloseTo(2.5 / 4, 12);
    expect(numbers["costPerQuery95.router"]).toBeCloseTo(2.5, 12);
    expect(numbers["costRatio.bestSingle"]).toBe(1);
    expect(numbers["oracleGap.router"]).toBe(0);
    expect(numbers["oracleGap.bestSingle"]).toBe(0);
    // The hull: (1, 0.5), (2.5, 1), then flat to the dearest hull's end at 4.
    expect(numbers["aiqRouterBench.router"]).toBeCloseTo((1.5 * 0.75 + 1.5) / 4, 12);
    expect(numbers["aiqRouterBench.zero"]).toBeCloseTo((3 * 0.75) / 4, 12);
  });

  it("shows a router of constant scores as the cheap model", ({ expect }) => {
    const numbers = operatingNumbers(frontierOf("constant"), Float64Array.of(1, 1));
    expect(numbers["peak.router"]).toBe(0.5);
    expect(numbers["costRatio.router"]).toBeNaN();
    expect(numbers["costPerQuery95.router"]).toBeNaN();
  });

  it("does with equal costs, with no costs and with no rows", ({ expect }) => {
    const equal = operatingNumbers(frontierOf("known", [2, 2]), Float64Array.of(1, 1));
    expect(equal["aiq.router"]).toBe(1);
    expect(equal["costRatio.router"]).toBe(1);
    const free = operatingNumbers(frontierOf("known", [0, 0]), Float64Array.of(1, 1));
    expect(free["costRatio.router"]).toBeNaN();
    expect(free["aiqRouterBench.router"]).toBeNaN();
    for (const value of Object.values(operatingNumbers(frontierOf("known"), Float64Array.of(0, 0))))
      expect(value).toBeNaN();
  });

  it("follows the counts of a resample", ({ expect }) => {
    const numbers = operatingNumbers(frontierOf("known"), Float64Array.of(2, 0));
    expect(numbers["costRatio.router"]).toBeCloseTo(1 / 4, 12);
    expect(numbers["aiq.router"]).toBe(aiq([{ cost: 1, quality: 1 }], { from: 1, to: 4 }));
  });
});
