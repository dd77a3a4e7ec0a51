/**
 * RouteLLM's metrics three ways: worked out by hand on twelve rows, against numbers from pandas and numpy
 * (call-share-golden.py), and by properties: counted rows are repeated rows, and curves only rise in share.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  apgr,
  callShareFor,
  pairMeans,
  pgr,
  shareCurve,
  sortByRouting,
  type PairRow,
} from "../../../scripts/evaluation/call-share.ts";
import golden from "./call-share.golden.json" with { type: "json" };

/** Twelve rows: the strong model alone is right on six of them, the weak one never. */
function twelve(routing: (isGain: boolean, i: number) => number): PairRow[] {
  return Array.from({ length: 12 }, (_, i) => {
    const isGain = i >= 6;
    return { row: i, routing: routing(isGain, i), weak: 0, strong: isGain ? 1 : 0 };
  });
}

function measure(rows: readonly PairRow[], counts?: Float64Array) {
  const sorted = sortByRouting(rows);
  const curve = shareCurve(sorted, counts);
  const means = pairMeans(sorted, counts);
  return {
    curve,
    means,
    apgr: apgr(curve, means),
    cpt: [0.2, 0.5, 0.8].map((x) => callShareFor(x, curve, means)),
  };
}

describe("apgr and callShareFor", () => {
  it("are those worked out by hand for a router that knows", ({ expect }) => {
    const { curve, means, ...measured } = measure(twelve((_, i) => i));
    expect(means).toEqual({ weak: 0, strong: 0.5 });
    expect(curve.map(({ strongShare }) => Math.round(12 * strongShare))).toEqual([
      0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
    ]);
    // Area: a triangle 1/2 wide and 1/2 high, then a rectangle as large again twice: 3/8 of 1/2.
    expect(measured.apgr).toBeCloseTo(0.75, 12);
    expect(measured.cpt[1]).toBeCloseTo(0.25, 12); // Three of twelve calls for a quarter.
    expect(measured.cpt[2]).toBeCloseTo(0.4, 12); // Between four and five of twelve.
  });

  it("see through a router that knows and says the opposite", ({ expect }) => {
    expect(measure(twelve((_, i) => -i)).apgr).toBeCloseTo(0.25, 12);
  });

  it("take equal scores for a coin", ({ expect }) => {
    const { apgr: area, cpt } = measure(twelve(() => 0.3));
    expect(area).toBeCloseTo(0.5, 12);
    expect(cpt[1]).toBeCloseTo(0.5, 12);
    expect(cpt[2]).toBeCloseTo(0.8, 12);
  });

  it("are those of pandas and numpy, ties and falling curves included", ({ expect }) => {
    for (const { rows, apgr: area, cpt } of golden) {
      const measured = measure(
        rows.map(([routing, weak, strong], row) => ({
          row,
          routing: routing!,
          weak: weak!,
          strong: strong!,
        })),
      );
      expect(measured.apgr).toBeCloseTo(area, 12);
      measured.cpt.forEach((share, i) => expect(share).toBeCloseTo(cpt[i]!, 12));
    }
  });

  it("are undefined without rows and where the strong model is not better", ({ expect }) => {
    expect(measure([])).toMatchObject({ apgr: NaN, cpt: [NaN, NaN, NaN], curve: [] });
    const equal = twelve((_, i) => i).map((row) => ({ ...row, strong: 0 }));
    expect(measure(equal)).toMatchObject({ apgr: NaN, cpt: [NaN, NaN, NaN] });
    expect(measure(equal.slice(0, 1)).curve).toHaveLength(11);
  });

  it("count a row as often as the resample drew it", ({ expect }) => {
    const rowsOf = fc.array(
      fc.record({
        routing: fc.integer({ min: 0, max: 9 }),
        weak: fc.double({ min: 0, max: 1, noNaN: true }),
        strong: fc.double({ min: 0, max: 1, noNaN: true }),
        count: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(rowsOf, (drawn) => {
        const counts = Float64Array.from(drawn, ({ count }) => count);
        const once = drawn.map((row, i) => ({ ...row, row: i }));
        const repeated = once.flatMap((row) =>
          Array.from({ length: row.count }, (): PairRow => row),
        );
        const counted = measure(once, counts);
        const written = measure(repeated);
        expect(counted.curve.length).toBe(written.curve.length);
        counted.curve.forEach(({ strongShare, quality }, i) => {
          expect(strongShare).toBe(written.curve[i]!.strongShare);
          expect(quality).toBeCloseTo(written.curve[i]!.quality, 10);
        });
      }),
    );
  });

  it("run from all-weak to all-strong, whatever the scores", ({ expect }) => {
    // Of any size whose differences are finite: numpy's arithmetic takes them.
    const score = fc.double({ noNaN: true, min: -1e300, max: 1e300 });
    const rowsOf = fc.array(score, { minLength: 1 });
    fc.assert(
      fc.property(rowsOf, (routings) => {
        const rows = routings.map((routing, row) => ({ row, routing, weak: 0.25, strong: 0.75 }));
        const { curve } = measure(rows);
        expect(curve[0]).toEqual({ strongShare: 0, quality: 0.25 });
        expect(curve.at(-1)).toEqual({ strongShare: 1, quality: 0.75 });
        for (let i = 1; i < curve.length; i++)
          expect(curve[i]!.strongShare).toBeGreaterThanOrEqual(curve[i - 1]!.strongShare);
      }),
    );
  });
});

describe("pgr", () => {
  it("is the share of the gap", ({ expect }) => {
    expect(pgr(0.6, { weak: 0.4, strong: 0.8 })).toBeCloseTo(0.5, 12);
    expect(pgr(0.2, { weak: 0.4, strong: 0.8 })).toBeCloseTo(-0.5, 12);
    expect(pgr(0.6, { weak: 0.8, strong: 0.8 })).toBeNaN();
  });
});
