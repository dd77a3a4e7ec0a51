/**
 * The scalars that carry Adam's bias corrections into the graph: with them the corrected update of the
 * paper and the graph's plain one are the same number.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { adamScalars } from "../../../router-models/graph/optimizer.ts";

describe("Adam's scalars", () => {
  it("fold the bias corrections", ({ expect }) => {
    const positive = fc.double({ min: 1e-12, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), positive, positive, (step, m, v) => {
        const { rate, epsilon, decayRate } = adamScalars(0.01, step);
        const [mHat, vHat] = [m / (1 - 0.9 ** step), v / (1 - 0.999 ** step)];
        const paper = (0.01 * mHat) / (Math.sqrt(vHat) + 1e-8);
        const folded = (rate * m) / (Math.sqrt(v) + epsilon);
        expect(Math.abs(folded / paper - 1)).toBeLessThan(1e-9);
        expect(decayRate).toBe(0.01);
      }),
    );
  });
});
