/** Exact intervals against values that follow by hand, and against their own definition. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { binomialShare, chanceOfAtMost } from "../../../../scripts/evaluation/cache/binomial.ts";

describe("chanceOfAtMost", () => {
  it.for([
    [0, 3, 0.5, 1 / 8],
    [1, 3, 0.5, 1 / 2],
    [2, 3, 0.5, 7 / 8],
    [3, 3, 0.5, 1],
    [0, 299, 0.01, 0.99 ** 299],
    [1, 2, 0.1, 0.99],
    [0, 5, 1, 0],
  ] as const)("%d of %d at %d is %d", ([count, total, share, chance], { expect }) => {
    expect(chanceOfAtMost(count, { total, share })).toBeCloseTo(chance, 12);
  });
});

describe("binomialShare", () => {
  it("is exact at both ends and known in between", ({ expect }) => {
    expect(binomialShare(0, 10).low).toBe(0);
    expect(binomialShare(0, 10).high).toBeCloseTo(1 - 0.025 ** 0.1, 9);
    expect(binomialShare(10, 10)).toMatchObject({ value: 1, high: 1 });
    const half = binomialShare(5, 10); // Clopper and Pearson's table: 0.187 to 0.813.
    expect(half.low).toBeCloseTo(0.18709, 5);
    expect(half.high).toBeCloseTo(0.81291, 5);
    expect(binomialShare(0, 0)).toEqual({ value: NaN, low: 0, high: 1 });
  });

  it("leaves 2.5 % on either side", ({ expect }) => {
    const counted = fc
      .integer({ min: 2, max: 3_000 })
      .chain((total) => fc.tuple(fc.integer({ min: 1, max: total - 1 }), fc.constant(total)));
    fc.assert(
      fc.property(counted, ([count, total]) => {
        const { value, low, high } = binomialShare(count, total);
        expect(low).toBeLessThan(value);
        expect(high).toBeGreaterThan(value);
        expect(chanceOfAtMost(count, { total, share: high })).toBeCloseTo(0.025, 6);
        expect(1 - chanceOfAtMost(count - 1, { total, share: low })).toBeCloseTo(0.025, 6);
      }),
    );
  });
});
