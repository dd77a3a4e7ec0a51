/** A released head: what belongs together opens, what does not is refused by name. */
import { describe, it } from "vitest";
import { kinFailure, openKinRelease } from "../../../router-models/kin/release.ts";
import { sha256Hex } from "../../../router-models/release.ts";
import { TINY_KIN, tinyKin, tinyRunner } from "../../support/tiny-kin.ts";

describe("openKinRelease", () => {
  it("opens what was released, under the hash of its manifest", async ({ expect }) => {
    const files = await tinyKin();
    const { id, manifest, model } = await openKinRelease(files);
    expect(id).toBe(await sha256Hex(files.manifest));
    expect(manifest.shape).toEqual(TINY_KIN);
    expect(model).toEqual(files.model);
  });

  it("refuses files of two releases", async ({ expect }) => {
    const [one, two] = await Promise.all([tinyKin({ seed: 1 }), tinyKin({ seed: 2 })]);
    await expect(openKinRelease({ ...one, model: two.model })).rejects.toThrow(
      /model.onnx has SHA/,
    );
    await expect(openKinRelease({ ...one, golden: two.golden })).rejects.toThrow(/golden.json has/);
  });

  it("refuses other features, shapes and golden vectors than it could serve", async ({
    expect,
  }) => {
    const older = await tinyKin({ changeManifest: (m) => ({ ...m, features: m.features + 1 }) });
    await expect(openKinRelease(older)).rejects.toThrow(/features of version/);
    const odd = await tinyKin({
      changeManifest: (m) => ({ ...m, shape: { ...m.shape, dimensions: 20 } }),
    });
    await expect(openKinRelease(odd)).rejects.toThrow(/shape.dimensions/);
    const short = await tinyKin({
      changeGolden: (g) => ({ ...g, vectors: [{ text: "egg", vector: [1, 2] }] }),
    });
    await expect(openKinRelease(short)).rejects.toThrow(/golden vector of 2, not 16/);
  });
});

describe("kinFailure", () => {
  it("finds nothing wrong with the head that was released", async ({ expect }) => {
    expect(await kinFailure(await openKinRelease(await tinyKin()), tinyRunner())).toBeUndefined();
  });

  it("names the first vector that another head gives otherwise", async ({ expect }) => {
    const release = await openKinRelease(await tinyKin());
    expect(await kinFailure(release, tinyRunner(2))).toMatch(/^golden vector 0: number \d+ is /);
  });
});
