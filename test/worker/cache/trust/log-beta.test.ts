/** The beta function against its closed forms and its recurrence. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { logBeta } from "../../../../worker/cache/trust/log-beta.ts";

const positive = fc.double({ min: 0.25, max: 100, noNaN: true });

describe("the beta function", () => {
  it.for([
    [1, 1, 1],
    [2, 3, 1 / 12],
    [0.5, 0.5, Math.PI],
    [1, 4_000, 1 / 4_000],
    [3, 5, 1 / 105],
  ] as const)("of %d and %d is %d", ([a, b, value], { expect }) => {
    expect(logBeta(a, b)).toBeCloseTo(Math.log(value), 10);
  });

  it("is the sum of its two neighbours, in either order", ({ expect }) => {
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const sum = Math.exp(logBeta(a + 1, b)) + Math.exp(logBeta(a, b + 1));
        expect(Math.log(sum)).toBeCloseTo(logBeta(b, a), 6);
      }),
    );
  });
});
