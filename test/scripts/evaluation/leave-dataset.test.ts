/**
 * Which sets each fold learns from, and which it refuses; the router itself is a stand-in that knows
 * nothing of any set.
 */
import { describe, it } from "vitest";
import { openRelease } from "../../../router-models/release.ts";
import {
  examineLeftOut,
  type LeaveDatasetInput,
} from "../../../scripts/evaluation/leave-dataset.ts";
import type { LoadedSet } from "../../../scripts/evaluation/loaded-set.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { twoKinds } from "../training/two-kinds.ts";

function kinds(name: string, seed: number): LoadedSet {
  const rows = twoKinds(24, seed).map((row, i) => ({
    ...row,
    dataset: name,
    split: i % 3 === 0 ? ("valid" as const) : ("train" as const),
  }));
  return { name, sha256: name, rows };
}

const SETS = [kinds("a", 1), kinds("b", 2), kinds("c", 3)];

function leave(given: Partial<LeaveDatasetInput>) {
  const learnt: string[] = [];
  const examined = examineLeftOut({
    sets: SETS,
    prices: { table: {}, catalog: [] },
    seed: 1,
    tableRows: 1 << 10,
    async train(sets, leftOut) {
      learnt.push(`${leftOut} from ${sets.map(({ name }) => name).join()}`);
      return openRelease(await tinyRelease());
    },
    ...given,
  });
  return { learnt, examined };
}

describe("examineLeftOut", () => {
  it("learns from all others, each in its turn", async ({ expect }) => {
    const { learnt, examined } = leave({});
    const { sets, skipped } = await examined;
    expect(learnt).toEqual(["a from b,c", "b from a,c", "c from a,b"]);
    expect(sets.map(({ name, examined: rows }) => [name, rows.length])).toEqual([
      ["a", 8],
      ["b", 8],
      ["c", 8],
    ]);
    expect(skipped).toEqual([]);
    // What is alike in all sets is learnt from the others.
    for (const { pair } of sets) expect(pair?.rowsOf.has("statistics")).toBe(true);
  });

  it("leaves several out together, and examines the first", async ({ expect }) => {
    const { learnt, examined } = leave({ leave: [["b", "c"]] });
    expect((await examined).sets.map(({ name }) => name)).toEqual(["b"]);
    expect(learnt).toEqual(["b+c from a"]);
  });

  it("refuses before any training", async ({ expect }) => {
    const leaky = {
      ...SETS[1]!,
      rows: [...SETS[1]!.rows, { ...SETS[0]!.rows[0]!, split: "train" as const }],
    };
    for (const [given, message] of [
      [{ leave: [["d"]] }, 'Cannot leave out "d"'],
      [{ leave: [["a", "b", "c"]] }, "takes another one to learn from"],
      [{ sets: [SETS[0]!] }, "takes another one to learn from"],
      [{ sets: [SETS[0]!, leaky] }, "1 of 8 valid rows ask a question that a train row asks too"],
    ] as const) {
      const { learnt, examined } = leave(given);
      await expect(examined).rejects.toThrow(message);
      expect(learnt).toEqual([]);
    }
  });
});
