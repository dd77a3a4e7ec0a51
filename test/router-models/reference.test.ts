/** Where prompts stand among those that trained: tenths that hold tenths, and rows that are common. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { extractFeatures, type Features } from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import { referenceOf, referenceSchema, Surveyor } from "../../router-models/reference.ts";

const ROWS = 1 << 10;

function featuresOf(text: string): Features {
  return extractFeatures(promptOfText(text), ROWS);
}

/** As many words as its number says. */
const SEEN = Array.from({ length: 100 }, (_, n) =>
  featuresOf(
    Array(n + 1)
      .fill("word")
      .join(" "),
  ),
);
const UNSEEN = [featuresOf("qqq zzz xxx"), featuresOf("word word")];

describe("a reference", () => {
  const reference = referenceOf(SEEN, { unseen: UNSEEN, tableRows: ROWS });
  const surveyor = new Surveyor(reference);

  it("is what its schema says, and comes back from JSON", ({ expect }) => {
    expect(referenceSchema.parse(JSON.parse(JSON.stringify(reference)))).toEqual(reference);
  });

  it("has the share of its own prompts in each tenth", ({ expect }) => {
    const words = STATISTICS.indexOf("words");
    expect(reference.shares[words]).toEqual(
      Array.from({ length: 10 }, () => expect.closeTo(0.1, 1)),
    );
    const counts = Array.from({ length: 10 }, () => 0);
    for (const features of SEEN) counts[Number(surveyor.placeOf(features).deciles[words])]!++;
    expect(counts.map((count) => count / SEEN.length)).toEqual(reference.shares[words]);
  });

  it("finds foreign words new, and its own much less", ({ expect }) => {
    const own = SEEN.map((features) => surveyor.placeOf(features).novelty);
    const usual = own.reduce((sum, novelty) => sum + novelty, 0) / own.length;
    expect(usual).toBeLessThan(0.21);
    const novelties = UNSEEN.map((features) => surveyor.placeOf(features).novelty);
    expect(novelties[0]).toBeGreaterThan(0.9);
    expect(reference.novelty).toBeCloseTo((novelties[0]! + novelties[1]!) / 2, 12);
  });

  it("places any prompt", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const { deciles, novelty } = surveyor.placeOf(featuresOf(text));
        expect(deciles).toMatch(new RegExp(`^\\d{${STATISTICS.length}}$`));
        expect(novelty).toBeGreaterThanOrEqual(0);
        expect(novelty).toBeLessThanOrEqual(1);
      }),
    );
  });
});
