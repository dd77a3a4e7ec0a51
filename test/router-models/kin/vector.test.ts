/** Vectors in bytes: what rounding may cost, and what a text without words is like. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { similarity, vectorOf } from "../../../router-models/kin/vector.ts";
import { TINY_KIN, tinyRunner } from "../../support/tiny-kin.ts";

const number = fc.double({ min: -1, max: 1, noNaN: true });
const units = fc
  .array(number, { minLength: 128, maxLength: 128 })
  .filter((numbers) => Math.hypot(...numbers) > 0.1)
  .map((numbers) => Float32Array.from(numbers, (x) => x / Math.hypot(...numbers)));

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function rounded(unit: Float32Array): Promise<Int8Array> {
  return vectorOf("word", { ...TINY_KIN, dimensions: 128 }, { run: () => Promise.resolve(unit) });
}

describe("vectors", () => {
  it("keep the cosine but for a few hundredths", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(units, units, async (a, b) => {
        const kept = similarity(await rounded(a), await rounded(b));
        expect(Math.abs(kept - dot(a, b))).toBeLessThan(0.05);
        expect(Math.abs(kept)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  it("of the same text are alike, of a text without words like nothing", async ({ expect }) => {
    const runner = tinyRunner();
    const [text, same, none] = await Promise.all(
      ["Boil an egg", "boil an EGG!", " ?! "].map((words) => vectorOf(words, TINY_KIN, runner)),
    );
    expect(similarity(text!, same!)).toBe(1);
    expect(none).toEqual(new Int8Array(TINY_KIN.dimensions));
    expect(similarity(text!, none!)).toBe(0);
    expect(similarity(none!, none!)).toBe(0);
  });

  it("of another length than the head promises are refused", async ({ expect }) => {
    const short = { run: () => Promise.resolve(new Float32Array(8)) };
    await expect(vectorOf("egg", TINY_KIN, short)).rejects.toThrow("8 numbers, not 16");
  });
});
