/** How a trial splits requests. Whom the host serves what is shown in rollouts.test.ts. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { unitOf } from "../../../worker/inference/choice.ts";

const REQUESTS = 10_000;

function idsOf(serial: number): number[] {
  return Array.from({ length: REQUESTS }, (_, i) =>
    unitOf(serial, `req_${i.toString(16).padStart(32, "0")}`),
  );
}

describe("unitOf", () => {
  it("is uniform over ids, to what chance allows", ({ expect }) => {
    const units = idsOf(7);
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      const hits = units.filter((unit) => unit < share).length;
      const deviation = Math.sqrt(REQUESTS * share * (1 - share));
      expect(Math.abs(hits - REQUESTS * share)).toBeLessThan(4 * deviation);
    }
    expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...units)).toBeLessThan(1);
  });

  it("draws anew for another trial", ({ expect }) => {
    const [first, second] = [idsOf(7), idsOf(8)];
    const both = first.filter((unit, i) => unit < 0.5 && second[i]! < 0.5).length;
    expect(Math.abs(both - REQUESTS / 4)).toBeLessThan(4 * Math.sqrt((REQUESTS * 3) / 16));
  });

  it("stays the same for a request", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.string(), (serial, id) => {
        expect(unitOf(serial, id)).toBe(unitOf(serial, id));
      }),
    );
  });
});
