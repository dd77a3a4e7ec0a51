/** What was sealed opens under the same secret and name, and under nothing else. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { sealUnder } from "../../../../worker/cache/answers/seal.ts";

const SECRET = "0123456789abcdef".repeat(4);

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}

describe("sealUnder", () => {
  it("opens what it has closed, whatever it says", async ({ expect }) => {
    const seal = await sealUnder(SECRET, randomBytes);
    const again = await sealUnder(SECRET, randomBytes);
    expect(again.label).toBe(seal.label);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.string(), async (text, name) => {
        const sealed = await seal.close(name, text);
        expect(await again.open(name, sealed)).toBe(text);
        expect(await seal.open(`${name}x`, sealed)).toBeUndefined();
      }),
    );
  });

  it("opens nothing of another secret, and tells nothing of its own", async ({ expect }) => {
    const seal = await sealUnder(SECRET, randomBytes);
    const other = await sealUnder("f".repeat(64), randomBytes);
    const sealed = await seal.close("n", "The answer.");
    expect(await other.open("n", sealed)).toBeUndefined();
    expect(other.label).not.toBe(seal.label);
    expect(seal.label).not.toContain(SECRET.slice(0, 16));
    expect(new TextDecoder().decode(sealed)).not.toContain("answer");
  });

  it("opens nothing that was changed or cut anywhere", async ({ expect }) => {
    const seal = await sealUnder(SECRET, randomBytes);
    const sealed = await seal.close("n", "The answer.");
    for (let at = 0; at < sealed.length; at++) {
      expect(await seal.open("n", sealed.with(at, sealed[at]! ^ 1))).toBeUndefined();
      expect(await seal.open("n", sealed.subarray(0, at))).toBeUndefined();
    }
  });

  it("never seals the same text the same way twice", async ({ expect }) => {
    const seal = await sealUnder(SECRET, randomBytes);
    expect(await seal.close("n", "a")).not.toEqual(await seal.close("n", "a"));
  });
});
