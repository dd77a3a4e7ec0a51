/** The watch by itself: as late as its formula says, and three audits where all is wrong. */
import { describe, it } from "vitest";
import { watchDelays } from "../../../../scripts/evaluation/drift/watch-delays.ts";
import { auditsUntilTrip } from "../../../../worker/cache/trust/watch.ts";

const TERMS = { budget: 0.01, seed: 7 };

describe("watchDelays", () => {
  it("are three audits where all is wrong", ({ expect }) => {
    expect(new Set(watchDelays(1, TERMS))).toEqual(new Set([3]));
  });

  it("are as many as the formula has on average, and spread", ({ expect }) => {
    const delays = watchDelays(0.1, TERMS);
    const mean = delays.reduce((sum, audits) => sum + audits, 0) / delays.length;
    expect(mean / auditsUntilTrip(0.1, TERMS.budget)).toBeGreaterThan(0.7);
    expect(mean / auditsUntilTrip(0.1, TERMS.budget)).toBeLessThan(1.2);
    expect(Math.max(...delays)).toBeGreaterThan(2 * Math.min(...delays));
  });
});
