import * as fc from "fast-check";
import { describe, it } from "vitest";
import { isSameSecret, sha256Hex } from "../../../worker/lib/digest.ts";

const RUNS = { numRuns: Number(globalThis.process?.env?.["FC_RUNS"] ?? 100) };

describe("sha256Hex", () => {
  it("gives the digests of FIPS 180-2", async ({ expect }) => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await sha256Hex("abc")).toBe(abc);
    expect(await sha256Hex(new Uint8Array([97, 98, 99]))).toBe(abc);
    expect(await sha256Hex("")).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });
});

describe("isSameSecret", () => {
  it("says what equality says", async ({ expect }) => {
    const word = fc.string({ maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(word, word, async (a, b) => {
        expect(await isSameSecret(a, b)).toBe(a === b);
        expect(await isSameSecret(a, a)).toBe(true);
      }),
      RUNS,
    );
  });
});
