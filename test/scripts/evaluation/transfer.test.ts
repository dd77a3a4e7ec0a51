/**
 * What is learnt from one set and asked on another: sums are hard for the weak model of both sets, whose
 * models have nothing else in common.
 */
import { describe, it } from "vitest";
import { openRelease } from "../../../router-models/release.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { featureReader } from "../../../scripts/evaluation/baselines/row-features.ts";
import { prepareSet } from "../../../scripts/evaluation/prepare-set.ts";
import { contend } from "../../../scripts/evaluation/set-contenders.ts";
import { setNumbers } from "../../../scripts/evaluation/set-metrics.ts";
import { gapRows, learnGaps } from "../../../scripts/evaluation/transfer.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { kindOf, twoKinds } from "../training/two-kinds.ts";

const { manifest } = await openRelease(await tinyRelease());
const prices = { table: {}, catalog: [] };
const features = featureReader(1 << 12);

/** The strong model is always right, the weak one on poems alone. */
function withModels(rows: readonly OutcomeRow[], strong: string, weak: string): OutcomeRow[] {
  return rows.map((row) => ({
    ...row,
    scores: { [strong]: 1, [weak]: kindOf(row) === "poem" ? 1 : 0 },
  }));
}

describe("gapRows", () => {
  it("takes the pair's gap less its mean, where both answered", ({ expect }) => {
    const rows = withModels(twoKinds(20, 1), "a", "b");
    const partial = rows.map((row, i) => (i === 0 ? { ...row, scores: { a: 1 } } : row));
    const { rows: paired, gaps } = gapRows(partial, { name: "kinds", prices });
    expect(paired).toHaveLength(19);
    expect([...gaps].reduce((sum, gap) => sum + gap, 0)).toBeCloseTo(0, 12);
    expect(gaps[0]! - gaps[1]!).toBeCloseTo(-1, 12); // A poem, then a sum.
  });

  it("is empty where no two models differ, and of that nothing can be learnt", ({ expect }) => {
    const rows = twoKinds(20, 1).map((row) => ({ ...row, scores: { a: 1, b: 1 } }));
    const none = gapRows(rows, { name: "kinds", prices });
    expect(none.rows).toEqual([]);
    expect(() => learnGaps([none], features)).toThrow("nothing to learn");
  });
});

describe("a foreign set", () => {
  it("is routed by the gaps of other sets and the means of its own models", ({ expect }) => {
    const gaps = learnGaps(
      [gapRows(withModels(twoKinds(200, 1), "a", "b"), { name: "kinds", prices })],
      features,
    );
    const rows = withModels(twoKinds(120, 2), "x", "y").map((row, i): OutcomeRow => {
      const split = i % 6 < 2 ? "valid" : "train";
      // A third model half way between the pair.
      return { ...row, split, scores: { ...row.scores, z: (row.scores["y"]! + 1) / 2 } };
    });
    const contended = contend({
      name: "other",
      learnt: rows.filter(({ split }) => split === "train"),
      examined: rows.filter(({ split }) => split === "valid"),
      forecasts: new Map(),
      manifest,
      prices,
      features,
      seed: 1,
      gaps,
    });
    const set = prepareSet(contended);
    expect(set.models.map(({ model }) => model)).toEqual(["x", "y", "z"]);
    expect(set.pair).toMatchObject({ strong: { model: "x" }, weak: { model: "y" } });
    const numbers = setNumbers(set, new Float64Array(40).fill(1));
    for (const name of ["ridge", "knn", "statistics", "length"])
      expect(numbers[`apgr.${name}`], name).toBeCloseTo(0.75, 2);
    expect(numbers).not.toHaveProperty("apgr.category");
    expect(numbers["apgr.oracle"]).toBeCloseTo(0.75, 12);
  });
});
