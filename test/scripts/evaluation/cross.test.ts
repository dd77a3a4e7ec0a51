/**
 * Who learns what in each fold, and that every training row is examined once by those who have not seen its
 * question; the routers are stand-ins that know the models and nothing of the prompts.
 */
import { describe, it } from "vitest";
import { openRelease, type Release } from "../../../router-models/release.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { examineCross, type CrossInput } from "../../../scripts/evaluation/cross.ts";
import type { LoadedSet } from "../../../scripts/evaluation/loaded-set.ts";
import { setNumbers } from "../../../scripts/evaluation/set-metrics.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { kindOf, twoKinds } from "../training/two-kinds.ts";

/** The large model is always right, the small one on poems. Every fourth row is not for training. */
function kinds(name: string, seed: number): LoadedSet {
  const rows = twoKinds(80, seed).map((row, i): OutcomeRow => {
    const split = i % 8 < 2 ? "valid" : "train";
    const scores = { "alpha/large": 1, "alpha/small": kindOf(row) === "poem" ? 1 : 0 };
    return { ...row, dataset: name, split, scores };
  });
  return { name, sha256: name, rows };
}

const FIRST = kinds("first", 1);
/** Half of its questions are those of the first. */
const SECOND: LoadedSet = {
  ...kinds("second", 2),
  rows: kinds("second", 2).rows.map((row, i) =>
    i % 4 < 2 ? row : { ...row, gid: FIRST.rows[i]!.gid },
  ),
};
const SETS = [FIRST, SECOND];

function training(rows: readonly OutcomeRow[]): OutcomeRow[] {
  return rows.filter(({ split }) => split === "train");
}

function cross(given: Partial<CrossInput> = {}) {
  const learnt: (readonly OutcomeRow[])[] = [];
  const examined = examineCross({
    sets: SETS,
    folds: 3,
    prices: { table: {}, catalog: [] },
    seed: 1,
    tableRows: 1 << 8,
    async train(rows): Promise<Release> {
      learnt.push(rows);
      return openRelease(await tinyRelease({ seed: learnt.length }));
    },
    ...given,
  });
  return { learnt, examined };
}

describe("examineCross", () => {
  it("examines each training row once, by a router that has not seen its question", async ({
    expect,
  }) => {
    let scored = 0;
    const { learnt, examined } = cross({ onScored: () => scored++ });
    const { sets, skipped } = await examined;
    expect(skipped).toEqual([]);
    expect(sets.map(({ name, trainRows, examined: rows }) => [name, trainRows, rows])).toEqual(
      SETS.map(({ name, rows }) => [name, 60, training(rows)]),
    );
    expect(scored).toBe(2 * 120);
    const all = SETS.flatMap(({ rows }) => training(rows));
    expect(learnt).toHaveLength(3);
    const leftOut = learnt.map((rows) => all.filter((row) => !rows.includes(row)));
    expect(leftOut.flat().toSorted(byId)).toEqual(all.toSorted(byId));
    for (const [fold, rows] of leftOut.entries()) {
      expect(rows.length).toBeGreaterThan(20);
      const questions = new Set(rows.map(({ gid }) => gid));
      expect(learnt[fold]!.filter(({ gid }) => questions.has(gid))).toEqual([]);
      expect(learnt[fold]!.filter(({ split }) => split === "valid")).toEqual([]);
    }
  });

  it("gives baselines the rows of the other folds, and no more", async ({ expect }) => {
    const { sets } = await cross().examined;
    const numbers = setNumbers(sets[0]!, new Float64Array(60).fill(1));
    // Sums and poems are told apart by what is learnt from other sums and poems.
    for (const name of ["ridge", "statistics", "category"])
      expect(numbers[`apgr.${name}`], name).toBeCloseTo(0.75, 1);

    // Answers that nobody could tell from other questions: who saw the row itself would know them.
    const rows = FIRST.rows.map((row, i) => ({
      ...row,
      category: row.gid,
      scores: { "alpha/large": i % 3 === 0 ? 0 : 1, "alpha/small": i % 3 === 0 ? 1 : 0.4 },
    }));
    const blind = await cross({ sets: [{ ...FIRST, rows }] }).examined;
    const blindNumbers = setNumbers(blind.sets[0]!, new Float64Array(60).fill(1));
    expect(blindNumbers["apgr.category"]).toBeCloseTo(0.5, 12);
    expect(blindNumbers["apgr.oracle"]).toBeGreaterThan(0.9);
  });

  it("asks about a model only where every router knows it, and skips a set of one fold", async ({
    expect,
  }) => {
    const strange = {
      ...SECOND,
      name: "strange",
      rows: SECOND.rows.map((row) => ({ ...row, scores: { ...row.scores, "gamma/new": 1 } })),
    };
    const lonely = {
      ...FIRST,
      name: "lonely",
      rows: FIRST.rows.map((row) => ({ ...row, gid: "one" })),
    };
    const { sets, skipped } = await cross({ sets: [strange, lonely] }).examined;
    expect(sets.map(({ name, leftOut }) => [name, leftOut])).toEqual([["strange", ["gamma/new"]]]);
    expect(skipped).toEqual([{ name: "lonely", why: "lonely: all its rows fall into one fold" }]);
  });
});

function byId(a: OutcomeRow, b: OutcomeRow): number {
  return `${a.dataset} ${a.id}` < `${b.dataset} ${b.id}` ? -1 : 1;
}
