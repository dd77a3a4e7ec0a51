/** A release on its way into KV: in which order, and what stops it. */
import { describe, it } from "vitest";
import { blobKey, openRelease, packRelease, POINTER_KEY } from "../../../router-models/release.ts";
import { publishRelease, requireGolden } from "../../../scripts/releasing/publish-release.ts";
import { readPresent } from "../../../scripts/releasing/rollout-storage.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { memoryKv } from "../memory-kv.ts";

const AUTHORITY = { signers: [], adopts: false };

async function prepared(seed: number) {
  const files = await tinyRelease({ seed });
  return { release: await openRelease(files), blob: packRelease(files) };
}

describe("publishRelease", () => {
  it("writes the blob before the rollout, to serve or to be tried", async ({ expect }) => {
    const kv = memoryKv();
    const way = { authority: AUTHORITY, kv, nowMs: 1e12, say() {} };
    const [first, second] = [await prepared(1), await prepared(2)];
    await expect(publishRelease(second, { ...way, shares: { share: 0.1 } })).rejects.toThrow(
      /There is nothing to try it against/,
    );
    expect(kv.values.size).toBe(0);
    const order: string[] = [];
    kv.afterPut = () => order.push([...kv.values.keys()].at(-1)!);
    const one = await publishRelease(first, way);
    expect(order).toEqual([blobKey(first.release.id), POINTER_KEY]);
    const two = await publishRelease(second, { ...way, shares: { share: 0.1 } });
    expect(two).toMatchObject({
      serial: one.serial + 1,
      serving: { id: first.release.id, version: "0.0.1" },
      trial: { id: second.release.id, version: "0.0.2", serial: one.serial + 1, share: 0.1 },
    });
    expect((await readPresent(AUTHORITY, kv)).rollout).toEqual(two);
    expect(kv.values.get(blobKey(second.release.id))).toEqual(second.blob);
  });
});

describe("requireGolden", () => {
  it("refuses a release that answers wrongly", async ({ expect }) => {
    const { release } = await prepared(1);
    expect(await requireGolden(release)).toBeLessThan(1e-4);
    const vectors = release.golden.vectors.map((vector) => ({ ...vector, difficulty: 0 }));
    const wrong = { ...release, golden: { ...release.golden, vectors } };
    await expect(requireGolden(wrong)).rejects.toThrow(/golden vector 0: difficulty/);
  });
});
