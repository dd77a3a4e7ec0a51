/** The steps of the ladder and who stands on which. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { LADDER, stepOf } from "../../../../worker/cache/trust/ladder.ts";

describe("the ladder", () => {
  it("rises from 0.68 to just below 1", ({ expect }) => {
    expect(LADDER[0]).toBeCloseTo(0.68, 10);
    expect(LADDER.at(-1)).toBeCloseTo(0.9929, 4);
    expect(LADDER).toEqual(LADDER.toSorted((a, b) => a - b));
  });

  it("places a pair on the highest step that it reaches", ({ expect }) => {
    for (const [step, least] of LADDER.entries()) expect(stepOf(least)).toBe(step);
    expect([stepOf(1), stepOf(0.85), stepOf(0.6799), stepOf(-1), stepOf(NaN)]).toEqual([
      11,
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("never places the more similar pair lower", ({ expect }) => {
    const similarity = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(similarity, similarity, (a, b) => {
        const [low, high] = [stepOf(Math.min(a, b)) ?? -1, stepOf(Math.max(a, b)) ?? -1];
        expect(low).toBeLessThanOrEqual(high);
      }),
    );
  });
});
