/** Kinds of characters, and how evenly they are used. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { readCharacters } from "../../../router-models/features/characters.ts";

describe("readCharacters", () => {
  it("knows measures of all scripts' keyboards", ({ expect }) => {
    const { measures, nonAscii, operators, latex } = readCharacters("5 % of $3, £2, 4 €, 20 °C");
    expect({ measures, nonAscii, operators, latex }).toEqual({
      measures: 5,
      nonAscii: 3,
      operators: 1,
      latex: 1,
    });
  });

  it("finds no entropy in one character, and the most in an even mixture", ({ expect }) => {
    expect(readCharacters("").entropy).toBe(0);
    expect(readCharacters("aaaa").entropy).toBeCloseTo(0, 12);
    expect(readCharacters("abcdabcd").entropy).toBeCloseTo(Math.log(4), 12);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { entropy, nonAscii, wide } = readCharacters(text);
        expect(entropy).toBeGreaterThanOrEqual(0);
        expect(entropy).toBeLessThanOrEqual(Math.log(256));
        expect(wide).toBeLessThanOrEqual(nonAscii);
      }),
    );
  });
});
