/** The laws of a key: it is read back, it verifies, and whatever is changed about it does not. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { digestsUnder, hintOf, KEY_BYTES, keyIdIn, mintKey } from "../../../worker/tenants/keys.ts";

const RANDOM = fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES });
const DIGESTS = digestsUnder("0123456789abcdef0123456789abcdef");

describe("a key", () => {
  it("is read back and verifies", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(RANDOM, async (random) => {
        const { id, key } = mintKey(random);
        expect(key).toMatch(/^slc_[a-z2-9]{12}_[a-z2-9]{32}$/);
        expect(keyIdIn(key)).toBe(id);
        expect(DIGESTS.isSame(await DIGESTS.hash(key), await DIGESTS.hash(key))).toBe(true);
        expect(key.endsWith(hintOf(key))).toBe(true);
      }),
    );
  });

  it("gets a new secret under the same id", ({ expect }) => {
    fc.assert(
      fc.property(RANDOM, RANDOM, (first, second) => {
        const { id } = mintKey(first);
        const renewed = mintKey(second, id);
        expect(renewed.id).toBe(id);
        expect(keyIdIn(renewed.key)).toBe(id);
        expect(renewed.key.slice(-32)).toBe(mintKey(second).key.slice(-32));
      }),
    );
  });

  it("fails with any character changed", async ({ expect }) => {
    const changed = fc.record({
      random: RANDOM,
      at: fc.nat({ max: 48 }),
      to: fc.string({ minLength: 1, maxLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(changed, async ({ random, at, to }) => {
        const { id, key } = mintKey(random);
        const other = key.slice(0, at) + to + key.slice(at + 1);
        fc.pre(other !== key);
        const isGood =
          keyIdIn(other) === id &&
          DIGESTS.isSame(await DIGESTS.hash(other), await DIGESTS.hash(key));
        expect(isGood).toBe(false);
      }),
    );
  });

  it("has a character for every five bits, each as likely", ({ expect }) => {
    const { key } = mintKey(Uint8Array.from({ length: KEY_BYTES }, (_, i) => i * 3));
    expect(new Set(key.slice(4).replace("_", "")).size).toBe(32);
    const letters = new Map<string, number>();
    for (let byte = 0; byte < 256; byte++) {
      const last = mintKey(new Uint8Array(KEY_BYTES).fill(byte)).key.slice(-1);
      letters.set(last, (letters.get(last) ?? 0) + 1);
    }
    expect([...letters.values()]).toEqual(Array.from({ length: 32 }, () => 8));
    expect(() => mintKey(new Uint8Array(KEY_BYTES - 1))).toThrow(RangeError);
  });

  it("is hashed under the deployment's secret", async ({ expect }) => {
    const other = digestsUnder("0123456789abcdef0123456789abcdeg");
    const { key } = mintKey(new Uint8Array(KEY_BYTES));
    expect(await DIGESTS.hash(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(await other.hash(key)).not.toBe(await DIGESTS.hash(key));
  });
});

describe("keyIdIn", () => {
  it("reads any text without throwing, and finds an id in a key's form only", ({ expect }) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (text) => {
        expect(keyIdIn(text)).toBeUndefined();
        expect(keyIdIn(`slc_${text}_${text}`)).toBeUndefined();
      }),
    );
  });

  it.for([
    `slc_${"a".repeat(12)}_${"a".repeat(33)}`,
    `slc_${"a".repeat(13)}_${"a".repeat(32)}`,
    `slc_${"a".repeat(12)}_${"a".repeat(32)}\n`,
    ` slc_${"a".repeat(12)}_${"a".repeat(32)}`,
    `SLC_${"a".repeat(12)}_${"a".repeat(32)}`,
    `slc_${"A".repeat(12)}_${"a".repeat(32)}`,
    `slc_${"0".repeat(12)}_${"a".repeat(32)}`,
    `slc_${"a".repeat(12)}-${"a".repeat(32)}`,
    "slc_".repeat(100_000),
  ])("refuses %s", (text, { expect }) => {
    expect(keyIdIn(text)).toBeUndefined();
  });
});
