/**
 * Exponential and logarithm: as good as the engine's own, and the same bits in every engine, which is why this runs in
 * Node and in workerd.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { exp, log, log1p } from "../../router-models/portable-math.ts";
import { randomFrom } from "../../worker/lib/prng.ts";

/** Of the larger one's last place. */
const TWO_UNITS = 2 ** -51;

function isNear(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TWO_UNITS * Math.max(Math.abs(a), Math.abs(b));
}

describe("portable mathematics", () => {
  it("is as good as the engine's", ({ expect }) => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 709.5, noNaN: true }), (x) =>
        isNear(exp(x), Math.exp(x)),
      ),
    );
    fc.assert(
      fc.property(fc.double({ min: 0, max: Infinity, noNaN: true }), (x) =>
        isNear(log(x), Math.log(x)),
      ),
    );
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (x) =>
        isNear(log1p(x), Math.log1p(x)),
      ),
    );
    expect(isNear(log1p(-0.5), Math.log1p(-0.5))).toBe(true);
  });

  it("knows its ends", ({ expect }) => {
    expect([-Infinity, -746, -0, 0, 710, Infinity, NaN].map(exp)).toEqual([
      0,
      0,
      1,
      1,
      Infinity,
      Infinity,
      NaN,
    ]);
    expect([-1, -0, 0, 1, Infinity, NaN].map(log)).toEqual([
      NaN,
      -Infinity,
      -Infinity,
      0,
      Infinity,
      NaN,
    ]);
    expect([0, 1e-300, -1, Infinity].map(log1p)).toEqual([0, 1e-300, -Infinity, Infinity]);
    expect(exp(-745)).toBe(5e-324);
    expect(log(5e-324)).toBe(Math.log(5e-324));
  });

  it("gives these bits everywhere", ({ expect }) => {
    const random = randomFrom(1);
    let hash = 0;
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 20_000; i++) {
      const x = (random() - 0.5) * 60;
      for (const y of [exp(x), log(Math.abs(x)), log1p(exp(-Math.abs(x)))]) {
        view.setFloat64(0, y);
        for (const at of [0, 4]) hash = (Math.imul(hash, 31) + view.getUint32(at)) >>> 0;
      }
    }
    expect(hash).toBe(1_544_985_719);
  });
});
