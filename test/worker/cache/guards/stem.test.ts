/** Which forms of a word are one. */
import { describe, it } from "vitest";
import { stem } from "../../../../worker/cache/guards/stem.ts";

describe("stem", () => {
  it("makes the forms of a word one", ({ expect }) => {
    for (const forms of [
      "stop stops stopped stopping",
      "increase increases increased increasing",
      "city cities",
      "boy boys",
    ])
      expect(new Set(forms.split(" ").map(stem)).size, forms).toBe(1);
  });

  it("keeps words apart that only end alike", ({ expect }) => {
    for (const words of ["red reed", "bus but", "king ring", "class clash"])
      expect(new Set(words.split(" ").map(stem)).size, words).toBe(2);
  });
});
