/**
 * Secrets compared by digest are equal just when they are equal as text. That the time taken tells nothing
 * is not tested here.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { isSameSecret } from "../../../worker/lib/digest.ts";

describe("isSameSecret", () => {
  it("says what equality says", async ({ expect }) => {
    const word = fc.string({ maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(word, word, async (a, b) => {
        expect(await isSameSecret(a, b)).toBe(a === b);
        expect(await isSameSecret(a, a)).toBe(true);
      }),
    );
  });
});
