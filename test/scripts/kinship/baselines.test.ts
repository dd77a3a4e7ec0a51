/** Likeness by words: bounds, and what rarity changes. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { idfCosine, jaccard } from "../../../scripts/kinship/baselines.ts";

const texts = fc
  .array(fc.constantFrom("tide", "ebb", "sea", "the"), { maxLength: 6 })
  .map((w) => w.join(" "));

describe("likeness by words", () => {
  it("is 1 for the same words, 0 for none in common, and the same both ways", ({ expect }) => {
    const cosine = idfCosine(["the tide", "the sea", "the ebb of the tide"]);
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        for (const likeness of [jaccard, cosine]) {
          expect(likeness(a, b)).toBeCloseTo(likeness(b, a));
          expect(likeness(a, b)).toBeGreaterThanOrEqual(0);
          expect(likeness(a, b)).toBeLessThanOrEqual(1 + 1e-9);
          if (a !== "") expect(likeness(a, a)).toBeCloseTo(1);
        }
      }),
    );
    expect(jaccard("tide", "ebb")).toBe(0);
    expect(jaccard("the tide", "the ebb")).toBeCloseTo(1 / 3);
  });

  it("counts a rare word for more than a common one", ({ expect }) => {
    const cosine = idfCosine(["the tide", "the sea", "the ebb"]);
    expect(cosine("the tide", "a tide")).toBeGreaterThan(cosine("the tide", "the sea"));
  });
});
