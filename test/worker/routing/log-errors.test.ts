/** The memory of errors as laws: ordered quantiles, bounded weight, and errors that it is told again and again. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  faded,
  MEMORY_CALLS,
  NO_ERRORS,
  quantilesOf,
  withLogError,
} from "../../../worker/routing/log-errors.ts";

const error = fc.double({ min: -50, max: 50, noNaN: true });
const memory = fc
  .array(error, { maxLength: 60 })
  .map((errors) => errors.reduce<readonly number[]>(withLogError, NO_ERRORS));
const share = fc.double({ min: 0, max: 1, noNaN: true });

function weightOf(errors: readonly number[]): number {
  return errors.reduce((sum, calls) => sum + calls, 0);
}

describe("a memory of errors", () => {
  it("has ordered, finite quantiles, whatever it was told", ({ expect }) => {
    fc.assert(
      fc.property(memory, share, (errors, left) => {
        const { p50, p90, p95 } = quantilesOf(errors, left);
        expect(p50).toBeGreaterThan(0);
        expect(p90).toBeGreaterThanOrEqual(p50);
        expect(p95).toBeGreaterThanOrEqual(p90);
        expect(p95).toBeLessThan(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it("weighs no more than its span of calls", ({ expect }) => {
    let errors: readonly number[] = NO_ERRORS;
    for (let call = 0; call < 2_000; call++) errors = withLogError(errors, 0);
    expect(weightOf(errors)).toBeGreaterThan(0.9 * MEMORY_CALLS);
    expect(weightOf(errors)).toBeLessThanOrEqual(MEMORY_CALLS);
  });

  it("comes to what it is told again and again, and returns to the doubt when it fades", ({
    expect,
  }) => {
    const doubt = quantilesOf(NO_ERRORS, 1);
    expect(doubt.p50).toBeCloseTo(1, 2);
    expect(Math.log(doubt.p90)).toBeCloseTo(0.5 * 1.2816, 1);
    for (const told of [-1.5, 0.7, 2]) {
      let errors: readonly number[] = NO_ERRORS;
      for (let call = 0; call < 500; call++) errors = withLogError(errors, told);
      expect(Math.abs(Math.log(quantilesOf(errors, 1).p50) - told)).toBeLessThan(0.1);
      expect(quantilesOf(faded(errors, 1e-6), 1)).toEqual(doubt);
    }
  });
});
