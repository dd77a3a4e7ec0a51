/**
 * A fold is trained once, found again, and trained again when its file is broken or anything that its
 * weights depend on has changed.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { cachedFold, foldFile, type FoldKey } from "../../../scripts/evaluation/fold-cache.ts";
import { tinyRelease } from "../../support/tiny-release.ts";

const KEY: FoldKey = {
  family: "mf",
  data: ["a", "b"],
  prices: { table: {}, catalog: [] },
  seed: 7,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-folds-"));
});
afterEach(() => rm(folder, { recursive: true }));

function trainer() {
  const calls: string[] = [];
  return {
    calls,
    train: () => {
      calls.push("trained");
      return tinyRelease();
    },
    onNote: (note: string) => calls.push(note),
  };
}

describe("cachedFold", () => {
  it("trains once, and finds the same release again", async ({ expect }) => {
    const work = trainer();
    const first = await cachedFold(join(folder, "new"), KEY, work);
    const second = await cachedFold(join(folder, "new"), { ...KEY, data: ["b", "a"] }, work);
    expect(work.calls).toEqual(["trained"]);
    expect(second.manifest).toEqual(first.manifest);
    expect(second.model).toEqual(first.model);
    expect(await readdir(join(folder, "new"))).toEqual([foldFile(KEY)]);
  });

  it.for([
    ["half", (text: string) => text.slice(0, text.length / 2)],
    ["other weights", (text: string) => text.replace(/"model":"(.{100})./u, '"model":"$1A')],
    ["no file of ours", () => "[]"],
  ] as const)("trains again over a file that is broken: %s", async ([, breakIt], { expect }) => {
    const work = trainer();
    await cachedFold(folder, KEY, work);
    const path = join(folder, foldFile(KEY));
    const whole = await readFile(path, "utf8");
    await writeFile(path, breakIt(whole));
    expect(breakIt(whole)).not.toBe(whole);
    await cachedFold(folder, KEY, work);
    expect(work.calls).toEqual(["trained", `${path}: broken, so it is trained again`, "trained"]);
    expect(await readFile(path, "utf8")).toBe(whole);
  });

  it("tells folds apart by data, prices, seed and family, and keeps none without a folder", async ({
    expect,
  }) => {
    expect(foldFile({ ...KEY, data: ["a"] })).not.toBe(foldFile(KEY));
    const table = { anyone: { model: { in: 1, out: 2 } } };
    expect(foldFile({ ...KEY, prices: { table, catalog: [] } })).not.toBe(foldFile(KEY));
    expect(foldFile({ ...KEY, seed: 8 })).not.toBe(foldFile(KEY));
    expect(foldFile({ ...KEY, family: "length" })).not.toBe(foldFile(KEY));
    const work = trainer();
    await cachedFold(undefined, KEY, work);
    await cachedFold(undefined, KEY, work);
    expect(work.calls).toEqual(["trained", "trained"]);
    expect(await readdir(folder)).toEqual([]);
  });
});
