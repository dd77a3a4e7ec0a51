/**
 * Slips move inner letters only: the letters of each word stay the same, and so do its ends, numbers,
 * short words and everything between.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { withSlips } from "../../../scripts/evaluation/typing-noise.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

function always(): number {
  return 0;
}

describe("withSlips", () => {
  it("swaps the two inner letters after the first", ({ expect }) => {
    expect(withSlips("Compute 1234 + 56, the sum.", always)).toBe("Cmopute 1234 + 56, the sum.");
    expect(withSlips("über größer", always)).toBe("üebr görßer");
    expect(withSlips("", always)).toBe("");
  });

  it("leaves most words alone, and repeats for a seed", ({ expect }) => {
    const text = "several ordinary words standing here ".repeat(100);
    const noisy = withSlips(text, randomFrom(1));
    const changed = noisy.split(" ").filter((word, i) => word !== text.split(" ")[i]);
    expect(changed.length).toBeGreaterThan(20);
    expect(changed.length).toBeLessThan(80);
    expect(withSlips(text, randomFrom(1))).toBe(noisy);
  });

  it("keeps length, ends and letters of every word", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer(), (text, seed) => {
        const noisy = withSlips(text, randomFrom(seed));
        expect(noisy).toHaveLength(text.length);
        expect(Array.from(noisy).toSorted()).toEqual(Array.from(text).toSorted());
      }),
    );
  });
});
