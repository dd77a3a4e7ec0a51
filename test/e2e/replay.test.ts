/**
 * The proof of `npm run replay:proof`, small: requests of every kind through real workerd, their events from the bucket,
 * and every decision made again in Node, to the last bit.
 */
import { describe, it } from "vitest";
import { isProven, prove } from "../../scripts/replaying/proof/prove.ts";

describe("200 requests of every kind", () => {
  it("are decided again as they were", { timeout: 240_000 }, async ({ expect }) => {
    const proof = await prove({
      requests: 200,
      concurrency: 16,
      faults: 0.03,
      seed: 1,
      folder: undefined,
      onProgress() {},
    });
    const { traffic, replay, reasons } = proof;
    expect(replay.named).toEqual([]);
    expect([...replay.skipped]).toEqual([]);
    expect(traffic.missing).toBe(0);
    expect(traffic.answered.size).toBeGreaterThan(150);
    expect(replay.equal).toBeGreaterThan(replay.equalFromScores);
    expect(replay.equalFromScores).toBeGreaterThan(0);
    expect([...reasons.keys()]).toEqual(
      expect.arrayContaining(["best_utility", "cheapest_above_floor", "explored", "pinned"]),
    );
    expect(isProven(proof)).toBe(true);
  });
});
