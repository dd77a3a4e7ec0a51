/** What is counted of words, and in which part of a text. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { readWords } from "../../../router-models/features/words.ts";

describe("readWords", () => {
  it("counts the stem apart from the options, and words that both have", ({ expect }) => {
    const stem = "Is 7 more than six?\n";
    expect(readWords(`${stem}A. Six is more, is it\nB. 7`, stem.length)).toMatchObject({
      count: 13,
      numbers: 2,
      stemCount: 5,
      stemNumbers: 1,
      distinct: 8,
      optionWords: 4,
      sharedWords: 3,
    });
  });

  it.for([
    ["solve x + Y", 2],
    ["a b, i c", 2],
    ["f(x)", 2],
    ["don't, it’s, U.S. and 'n'", 0],
    ["x1 é 7", 0],
  ] as const)("takes letters that stand alone in %j for variables", ([text, count], { expect }) => {
    expect(readWords(text, text.length).variables).toBe(count);
    expect(readWords(text, 0).variables).toBe(0);
  });

  it("counts alike wherever the text is divided", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.nat(), (lines, pick) => {
        const text = lines.join("\n");
        const ends = lines.map((_, n) => lines.slice(0, n).join("\n").length + Math.min(n, 1));
        const whole = readWords(text, text.length);
        const parted = readWords(text, ends[pick % Math.max(ends.length, 1)] ?? 0);
        for (const name of ["count", "letters", "distinct", "numbers", "longest"] as const)
          expect(parted[name]).toBe(whole[name]);
        expect(parted.stemCount).toBeLessThanOrEqual(whole.count);
        expect(parted.sharedWords).toBeLessThanOrEqual(parted.optionWords);
      }),
    );
  });
});
