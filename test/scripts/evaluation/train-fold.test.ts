/**
 * A fold is trained on training rows and nothing else, and comes out as a release that opens.
 */
import { describe, it } from "vitest";
import { openRelease } from "../../../router-models/release.ts";
import { importedRow } from "../../../scripts/dataset/importers/imported-row.ts";
import { trainFold } from "../../../scripts/evaluation/train-fold.ts";
import { MODELS, twoKinds } from "../training/two-kinds.ts";

const REST = {
  family: "mf",
  prices: { table: {}, catalog: [] },
  seed: 1,
  onProgress: () => undefined,
} as const;

describe("trainFold", () => {
  it("makes a release of the rows' models", async ({ expect }) => {
    // All of one question: nothing can be left out, which makes it the shortest training there is.
    const rows = twoKinds(8, 1).map((row) => ({ ...row, gid: "one" }));
    const { manifest } = await openRelease(await trainFold({ ...REST, rows }));
    expect(Object.keys(manifest.models)).toEqual(MODELS);
    expect(manifest.training).toMatchObject({ seed: 1, hyperparameters: { plan: "balanced" } });
  });

  it("makes one of another family", async ({ expect }) => {
    const files = await trainFold({ ...REST, family: "length", rows: twoKinds(8, 1) });
    expect((await openRelease(files)).manifest.family).toBe("length");
  });

  it("refuses rows that must not be trained on", async ({ expect }) => {
    const [row] = twoKinds(1, 1);
    const valid = { ...row!, split: "valid" as const };
    const imported = { ...importedRow(row!, "routellm"), split: "train" as const };
    for (const wrong of [valid, imported])
      await expect(trainFold({ ...REST, rows: [row!, wrong] })).rejects.toThrow(
        `${wrong.id}: not a row to train on`,
      );
  });
});
