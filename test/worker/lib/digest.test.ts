/**
 * Secrets compared by digest are equal just when they are equal as text. That the time taken tells nothing
 * is not tested here. The digest is held against the example of FIPS 180-4.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { hmacSha256, isSameDigest, isSameSecret, sha256 } from "../../../worker/lib/digest.ts";

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

describe("isSameDigest", () => {
  it("says what equality says", ({ expect }) => {
    const word = fc.string({ maxLength: 3 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(isSameDigest(a, b)).toBe(a === b);
        expect(isSameDigest(a, a)).toBe(true);
      }),
    );
  });
});

describe("hmacSha256", () => {
  it("gives the RFC's own value", async ({ expect }) => {
    // RFC 4231, test case 2.
    expect(await hmacSha256("Jefe", "what do ya want for nothing?")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });
});

describe("sha256", () => {
  it("is that of the standard's example", async ({ expect }) => {
    expect(await sha256("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});
