/** Files of pairs as they are read: splits, what is refused, and how noisy their labels are. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  labelNoise,
  readPairs,
  type PairRow,
} from "../../../../scripts/evaluation/cache/pair-file.ts";
import { preparePairs } from "../../../../scripts/evaluation/cache/pair-set.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-pairs-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, ...rows: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, rows.map((one) => JSON.stringify(one)).join("\n"));
  return path;
}

function row(a: string, b: string, equivalent: boolean): PairRow {
  return { a, b, equivalent, split: "valid" };
}

const ROW = { a: "one", b: "two", equivalent: true };

describe("readPairs", () => {
  it("takes the rows of a split, and the texts of all", async ({ expect }) => {
    const train = { a: "two", b: "three", equivalent: false, split: "train", similarity: 3 };
    const path = await fileOf("two.jsonl", ROW, train);
    const valid = await readPairs(path, { split: "valid" });
    expect(valid).toMatchObject({ name: "two", rows: [{ ...ROW, split: "valid" }] });
    expect(valid.allTexts).toEqual(["one", "two", "three"]);
    expect((await readPairs(path, { split: "all" })).rows).toHaveLength(2);
  });

  it("names the row at fault", async ({ expect }) => {
    const bad = await fileOf("bad.jsonl", ROW, { ...ROW, equivalent: 1 });
    await expect(readPairs(bad, { split: "all" })).rejects.toThrow("bad.jsonl:2: equivalent");
    const blank = await fileOf("blank.jsonl", { ...ROW, a: " " });
    await expect(readPairs(blank, { split: "all" })).rejects.toThrow("blank.jsonl:1: a: is blank");
    const none = await fileOf("none.jsonl", ROW);
    await expect(readPairs(none, { split: "train" })).rejects.toThrow('no rows of split "train"');
  });
});

describe("labelNoise", () => {
  it("counts the equal and the chained that are labelled different", ({ expect }) => {
    const rows = [
      row("Why so?", "why  so ?", false),
      row("Why so", "WHY SO?", true),
      row("Is it C?", "Is it C#?", false),
      row("x", "y", true),
      row("y", "z", true),
      row("z", "x", false),
    ];
    expect(labelNoise(rows)).toEqual({
      equal: 2,
      equalButDifferent: 1,
      chained: 4,
      chainedButDifferent: 1,
    });
  });
});

describe("preparePairs", () => {
  it("knows each text once, the guards' refusals, and which pairs hang together", ({ expect }) => {
    const rows = [
      row("Boil 2 eggs", "Boil 3 eggs", false),
      row("Boil 3 eggs", "Please boil 3 eggs", true),
      row("Hello there", "Good morning", true),
    ];
    const { texts, pairs } = preparePairs({ name: "made", rows });
    expect(texts).toHaveLength(5);
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
    ]);
    expect(pairs[0]!.refusal).toBe("numbers");
    expect(pairs[1]!.refusal).toBeUndefined();
    expect(pairs[0]!.group).toBe(pairs[1]!.group);
    expect(pairs[2]!.group).not.toBe(pairs[0]!.group);
  });
});
