/**
 * The learned baselines on worlds where the answer is known: a target that is linear in a statistic, one
 * that hangs on a word, one that is missing on most rows, and lessons in which there is nothing to learn.
 */
import { describe, it } from "vitest";
import type { OutcomeRow } from "../../../../scripts/dataset/outcome-file.ts";
import { learnBaselines, learnLength } from "../../../../scripts/evaluation/baselines/learn.ts";
import { foldsOf } from "../../../../scripts/evaluation/baselines/lesson.ts";
import { featureReader } from "../../../../scripts/evaluation/baselines/row-features.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";
import { kindOf, MODELS, twoKinds } from "../../training/two-kinds.ts";
import { outcomeRow } from "../outcome-rows.ts";

const reader = featureReader(1 << 12);

function targetsOf(rows: readonly OutcomeRow[]): Float64Array[] {
  return MODELS.map((model) => Float64Array.from(rows, ({ scores }) => scores[model]!));
}

describe("learned baselines", () => {
  it("tell the two kinds of prompts apart on rows that they have not seen", ({ expect }) => {
    const train = twoKinds(200, 1);
    const learned = learnBaselines(train, targetsOf(train), reader);
    for (const [name, baseline] of Object.entries(learned))
      for (const row of twoKinds(20, 2)) {
        const [calculator, middling, poet] = baseline.of(row);
        const [good, bad] = kindOf(row) === "sum" ? [calculator, poet] : [poet, calculator];
        expect(good, name).toBeGreaterThan(0.7);
        expect(bad, name).toBeLessThan(0.3);
        expect(middling, name).toBeGreaterThan(0.25);
        expect(middling, name).toBeLessThan(0.75);
      }
  });

  it("learn nothing from noise: the settings are the most cautious", ({ expect }) => {
    const train = twoKinds(300, 4);
    const random = randomFrom(4);
    const noise = [Float64Array.from(train, () => (random() < 0.5 ? 1 : 0))];
    const learned = learnBaselines(train, noise, reader);
    // A row that met itself among its neighbours would want few of them.
    expect(learned.knn.setting).toBe(160);
    expect(learned.ridge.setting).toBe(1_000);
    for (const [name, baseline] of Object.entries(learned))
      for (const row of twoKinds(20, 9))
        expect(Math.abs(baseline.of(row)[0]! - 0.5), name).toBeLessThan(0.15);
  });

  it("learn a target from the rows that have it, each on its own", ({ expect }) => {
    const train = twoKinds(200, 5);
    const [first, second] = targetsOf(train);
    const sparse = second!.map((y, row) => (row % 4 < 2 ? y : NaN));
    const none = first!.map(() => NaN);
    for (const baseline of Object.values(learnBaselines(train, [first!, sparse, none], reader))) {
      const [a, b, c] = baseline.of(train[0]!);
      expect(a).toBeGreaterThan(0.7);
      expect(b).toBeGreaterThan(0.2);
      expect(b).toBeLessThan(0.8);
      expect(c).toBe(0);
    }
  });

  it("follow the length, and nothing else", ({ expect }) => {
    const train = Array.from({ length: 100 }, (_, i) =>
      outcomeRow({ prompt: "word ".repeat(1 + i), scores: { a: 0 } }),
    );
    const y = Float64Array.from(train, ({ prompt }) => 0.2 + 0.1 * Math.log1p(prompt.length));
    const { of, setting } = learnLength(train, [y], reader);
    expect(setting).toBe(1); // No noise, so the weakest penalty.
    for (const words of [3, 30, 90]) {
      const row = outcomeRow({ prompt: "other".repeat(words), scores: { a: 0 } });
      expect(of(row)[0]).toBeCloseTo(0.2 + 0.1 * Math.log1p(5 * words), 1);
    }
  });

  it("do with one row, with equal rows, and with an empty prompt", ({ expect }) => {
    const row = outcomeRow({ prompt: "Why?", scores: { a: 1 } });
    const empty = outcomeRow({ prompt: "", scores: { a: 1 } });
    for (const rows of [[row], [row, { ...row }, { ...row }]])
      for (const baseline of Object.values(
        learnBaselines(rows, [Float64Array.from(rows, () => 0.75)], reader),
      )) {
        expect(baseline.of(row)[0]).toBeCloseTo(0.75, 12);
        expect(baseline.of(empty)[0]).toBeCloseTo(0.75, 12);
      }
  });
});

describe("foldsOf", () => {
  it("leaves each row out once where rows are few, and equal questions together", ({ expect }) => {
    const gids = Array.from({ length: 200 }, (_, i) => `q${i >> 1}`);
    const folds = foldsOf(gids);
    expect(folds).toHaveLength(5);
    gids.forEach((_, row) => {
      expect(folds.reduce((sum, fold) => sum + fold[row]!, 0)).toBe(1);
      expect(folds.map((fold) => fold[row])).toEqual(folds.map((fold) => fold[row ^ 1]));
    });
    expect(foldsOf(Array.from({ length: 1_500 }, (_, i) => `q${i}`))).toHaveLength(1);
    expect(foldsOf(["q", "q"])).toEqual([]);
  });
});
