/**
 * ECE and Brier score on twenty predictions that can be summed by hand, overconfident in one bin and right
 * in the other.
 */
import { describe, it } from "vitest";
import {
  BINS,
  brierScore,
  calibrationError,
  reliabilityBins,
  reliabilitySums,
} from "../../../scripts/evaluation/reliability.ts";

/** Ten predictions of 0.9 of which half come true, and ten of 0.1 of which one does. */
const OVERCONFIDENT = Array.from({ length: 20 }, (_, row) => ({
  row,
  score: row < 10 ? 0.9 : 0.1,
  outcome: row < 5 || row === 10 ? 1 : 0,
}));

describe("calibrationError", () => {
  it("is the mean gap between promise and outcome", ({ expect }) => {
    const sums = reliabilitySums(OVERCONFIDENT);
    expect(calibrationError(sums)).toBeCloseTo(0.2, 12); // Half × 0.4 + half × 0.
    const bins = reliabilityBins(sums).filter(({ count }) => count > 0);
    expect(bins).toEqual([
      { count: 10, meanScore: expect.closeTo(0.1, 12), meanOutcome: expect.closeTo(0.1, 12) },
      { count: 10, meanScore: expect.closeTo(0.9, 12), meanOutcome: expect.closeTo(0.5, 12) },
    ]);
  });

  it("counts a row as often as it was drawn", ({ expect }) => {
    const sums = reliabilitySums(OVERCONFIDENT);
    const counts = new Float64Array(20).fill(0, 10).fill(2, 0, 10);
    expect(calibrationError(sums, counts)).toBeCloseTo(0.4, 12);
  });

  it("keeps scores of 0 and 1 in the outer bins", ({ expect }) => {
    const sums = reliabilitySums([
      { row: 0, score: 0, outcome: 0 },
      { row: 0, score: 1, outcome: 1 },
    ]);
    const bins = reliabilityBins(sums);
    expect(bins).toHaveLength(BINS);
    expect([bins[0]!.count, bins[BINS - 1]!.count]).toEqual([1, 1]);
    expect(calibrationError(sums)).toBe(0);
  });

  it("is undefined for nothing", ({ expect }) => {
    expect(calibrationError(reliabilitySums([]))).toBeNaN();
    expect(brierScore(reliabilitySums([]))).toBeNaN();
  });
});

describe("brierScore", () => {
  it("is the mean squared error", ({ expect }) => {
    const sums = reliabilitySums(OVERCONFIDENT);
    // Five at 0.01, five at 0.81, one at 0.81, nine at 0.01.
    expect(brierScore(sums)).toBeCloseTo((14 * 0.01 + 6 * 0.81) / 20, 12);
  });
});
