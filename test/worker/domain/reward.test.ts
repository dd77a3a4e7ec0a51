/** What an answer was worth, by the weights that reward.ts states. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { SIGNALS } from "../../../worker/domain/event.ts";
import { rewardOf } from "../../../worker/domain/reward.ts";

describe("a reward", () => {
  it("of silence is a faint 1", ({ expect }) => {
    expect(rewardOf(new Set())).toEqual({ value: 1, weight: 0.1 });
  });

  it("of a word is that word, in place of silence", ({ expect }) => {
    expect(rewardOf(new Set(), new Map([["user", 0.25]]))).toEqual({ value: 0.25, weight: 1 });
  });

  it("hears a judge half as much as a person", ({ expect }) => {
    const words = new Map([
      ["user", 1],
      ["judge", 0],
    ]);
    expect(rewardOf(new Set(), words)).toEqual({ value: 1 / 1.5, weight: 1.5 });
  });

  it("of signals is 0 with their weight", ({ expect }) => {
    expect(rewardOf(new Set(["truncated", "broken_form"]))).toEqual({ value: 0, weight: 1.3 });
  });

  it("lies within 0 and 1, and falls with every signal", ({ expect }) => {
    const words = fc.dictionary(
      fc.constantFrom("user", "judge", "test", "constructor"),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.subarray([...SIGNALS]), words, (signals, said) => {
        const heard = new Map(Object.entries(said));
        const { value, weight } = rewardOf(new Set(signals), heard);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(weight).toBeGreaterThan(0);
        for (const more of SIGNALS)
          expect(rewardOf(new Set([...signals, more]), heard).value).toBeLessThanOrEqual(value);
      }),
    );
  });
});
