/**
 * A set made so that every metric is known: the large model is always right, the small one on half the
 * prompts. A router that knows which half must score as the oracle does. Then valid rows are bent, to show
 * that models, pair and controls are chosen and fitted on training rows alone.
 */
import { describe, it } from "vitest";
import type { Manifest } from "../../../router-models/manifest.ts";
import { openRelease } from "../../../router-models/release.ts";
import type { Forecast } from "../../../router-models/scorer.ts";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { featureReader } from "../../../scripts/evaluation/baselines/row-features.ts";
import { prepareSet } from "../../../scripts/evaluation/prepare-set.ts";
import { contend, type SetInput } from "../../../scripts/evaluation/set-contenders.ts";
import { poolSets, setNumbers } from "../../../scripts/evaluation/set-metrics.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { outcomeRow } from "./outcome-rows.ts";

const LARGE = "alpha/large";
const SMALL = "alpha/small";
const { manifest } = await openRelease(await tinyRelease());

/** Large is always right and dear, small is right where `isEasy`; a third model is known to nobody. */
function quizRows(easyOf: (i: number) => boolean, count = 200): OutcomeRow[] {
  return Array.from({ length: count }, (_, i) =>
    outcomeRow({
      split: i % 2 === 0 ? "train" : "valid",
      category: easyOf(i) ? "easy" : "hard",
      scores: { [LARGE]: 1, [SMALL]: easyOf(i) ? 1 : 0, "gamma/new": 0.5 },
      cost_usd: { [LARGE]: 0.1, [SMALL]: 0.01 },
    }),
  );
}

/** A router that predicts `scoreOf` for the small model and 0.9 for the large one. */
function forecastsOf(rows: readonly OutcomeRow[], scoreOf: (row: OutcomeRow) => number) {
  return new Map(
    rows.map((row): [OutcomeRow, Forecast] => {
      const model = { standing: 0, outputTokensP50: 100, outputTokensP90: 200 };
      const models = [
        { ...model, id: LARGE, score: 0.9 },
        { ...model, id: SMALL, score: scoreOf(row) },
      ];
      return [row, { models, inputTokens: 10, difficulty: 0.5, task: "chat" }];
    }),
  );
}

function prepare(rows: readonly OutcomeRow[], given: Partial<SetInput> = {}) {
  const forecasts = forecastsOf(rows, ({ scores }) => scores[SMALL]!);
  const prices = { table: {}, catalog: [] };
  const features = featureReader(256);
  const set = contend({
    name: "quiz",
    learnt: rows.filter(({ split }) => split === "train"),
    examined: rows.filter(({ split }) => split === "valid"),
    forecasts,
    manifest,
    prices,
    features,
    seed: 1,
    ...given,
  });
  return prepareSet(set);
}

/** The row as a file without costs and categories would have it. */
function bare({ id, gid, dataset, split, prompt, scores }: OutcomeRow): OutcomeRow {
  return { id, gid, dataset, split, prompt, scores };
}

function once(length: number): Float64Array {
  return new Float64Array(length).fill(1);
}

function isEasy(i: number): boolean {
  return (i >> 1) % 2 === 0;
}

describe("prepareSet and setNumbers", () => {
  it("give a router that knows what the oracle gets, and say what they left out", ({ expect }) => {
    const set = prepare(quizRows(isEasy));
    expect(set).toMatchObject({ trainRows: 100, leftOut: ["gamma/new"] });
    expect(set.examined).toHaveLength(100);
    expect(set.pair).toMatchObject({
      strong: { model: LARGE },
      weak: { model: SMALL },
      by: "cost",
    });

    const numbers = setNumbers(set, once(100));
    expect(numbers["apgr.oracle"]).toBeCloseTo(0.75, 12); // Half the calls recover the whole gap.
    expect(numbers["apgr.router-oracle"]).toBeCloseTo(0, 12);
    expect(numbers["apgr.category"]).toBeCloseTo(0.75, 12);
    expect(numbers["apgr.length"]).toBeCloseTo(0.5, 12); // All prompts are equally long.
    expect(numbers["cpt50.router"]).toBeCloseTo(0.25, 12);
    // Zero router: from (0.01, 0.5) to (0.1, 1). Oracle: all right at 0.055.
    expect(numbers["aiq.zero"]).toBeCloseTo(0.75, 12);
    expect(numbers["aiq.oracle"]).toBeCloseTo(0.875, 12);
    expect(numbers["aiq.router-oracle"]).toBeCloseTo(0, 12);
    expect(numbers["aiq.router-zero"]).toBeCloseTo(0.125, 12);
    // Always the large one, mixed with refusing: a line from (0, 0) to (0.1, 1).
    expect(numbers["aiq.bestSingle"]).toBeCloseTo(0.55, 12);
    expect(numbers["ece.router"]).toBeCloseTo(0.05, 12); // The large model was promised at 0.9.
    expect(numbers["apgr.router-bestSingle"]).toBeCloseTo(0.25, 12);
    expect(numbers["strongShare.router"]).toBe(0.5); // Promised 0.9, it is better on the hard half.
    expect(numbers["strongShare.length"]).toBe(1);
    expect(numbers["costRatio.router"]).toBeCloseTo(0.55, 12); // All right, half of them at a tenth.
    expect(numbers["peak.router-bestSingle"]).toBe(0);
    expect(numbers["oracleGap.router"]).toBe(0);
    // All prompts read the same: what is learnt from them is one opinion, which is a coin.
    for (const name of ["ridge", "knn", "statistics"])
      expect(numbers[`apgr.${name}`], name).toBeCloseTo(0.5, 12);
  });

  it("make a coin of the router's opinions once they are shuffled", ({ expect }) => {
    const numbers = setNumbers(prepare(quizRows(isEasy, 1_000)), once(500));
    expect(numbers["apgr.router"]).toBeCloseTo(0.75, 12);
    expect(numbers["apgr.shuffled"]).toBeGreaterThan(0.45);
    expect(numbers["apgr.shuffled"]).toBeLessThan(0.55);
    expect(numbers["aiq.router-shuffled"]).toBeGreaterThan(0.05);
  });

  it("count the prompts that change the model when they are typed carelessly", ({ expect }) => {
    const rows = quizRows(isEasy);
    const valid = rows.filter(({ split }) => split === "valid");
    // In every fourth row the router is turned round by the noise.
    const twins = new Map(valid.map((row) => [row, { ...row }]));
    const places = new Map([...twins.values()].map((twin, i) => [twin, i]));
    const forecasts = forecastsOf([...rows, ...twins.values()], (row) => {
      const place = places.get(row);
      const isTurned = place !== undefined && place % 4 === 0;
      return isTurned ? 1 - row.scores[SMALL]! : row.scores[SMALL]!;
    });
    const numbers = setNumbers(prepare(rows, { forecasts, twins }), once(100));
    expect(numbers["flips.router"]).toBe(0.25);
    expect(numbers["flips.length"]).toBe(0);
    expect(numbers).not.toHaveProperty("flips.random");
    const none = Float64Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? 0 : 1));
    expect(setNumbers(prepare(rows, { forecasts, twins }), none)["flips.router"]).toBe(0);
  });

  it("show up a router that has it backwards", ({ expect }) => {
    const rows = quizRows(isEasy);
    const set = prepare(rows, { forecasts: forecastsOf(rows, ({ scores }) => 1 - scores[SMALL]!) });
    const numbers = setNumbers(set, once(100));
    expect(numbers["apgr.router"]).toBeCloseTo(0.25, 12);
    expect(numbers["apgr.router-length"]).toBeCloseTo(-0.25, 12);
    expect(numbers["aiq.router-zero"]).toBeLessThanOrEqual(0);
  });

  it("choose models, pair and costs on training rows alone", ({ expect }) => {
    // On valid rows the small model is the better one.
    const rows = quizRows((i) => i % 2 === 1).map((row) =>
      row.split === "valid" ? { ...row, scores: { [LARGE]: 0, [SMALL]: 1 } } : row,
    );
    const set = prepare(rows);
    expect(set.pair?.strong.model).toBe(LARGE);
    expect(set.frontier?.bestSingle).toBe(set.frontier?.models.findIndex((m) => m.model === LARGE));
    expect(setNumbers(set, once(100))["apgr.router"]).toBeNaN();
  });

  it("fit the controls on training rows alone", ({ expect }) => {
    // What is easy in training is hard on valid rows, and the other way round.
    const rows = quizRows(isEasy).map((row, i) =>
      row.split === "train" ? row : { ...row, category: isEasy(i) ? "hard" : "easy" },
    );
    expect(setNumbers(prepare(rows), once(100))["apgr.category"]).toBeCloseTo(0.25, 12);
  });

  it("leave out a model that too few training rows have", ({ expect }) => {
    const rows = quizRows(isEasy).map((row, i) =>
      i % 4 === 0 ? row : { ...row, scores: { ...row.scores, "beta/medium": 1 } },
    );
    expect(prepare(rows).leftOut).toEqual(["beta/medium", "gamma/new"]);
  });

  it("do without costs, categories or a second model where a set has none", ({ expect }) => {
    const rows = quizRows(isEasy).map(bare);
    const set = prepare(rows);
    expect(set.frontier).toBeUndefined();
    expect(set.pair?.by).toBe("quality");
    const numbers = setNumbers(set, once(100));
    expect(numbers).not.toHaveProperty("apgr.category");
    expect(numbers).not.toHaveProperty("aiq.router");

    const single = prepare(rows.map((row) => ({ ...row, scores: { [LARGE]: 1 } })));
    expect(single.pair).toBeUndefined();
    expect(setNumbers(single, once(100))["ece.router"]).toBeCloseTo(0.1, 12);
  });

  it("price tokens where the source states no cost", ({ expect }) => {
    const rows = quizRows(isEasy).map((row) => ({
      ...bare(row),
      in_tokens: { [LARGE]: 10, [SMALL]: 10 },
      out_tokens: { [LARGE]: 100, [SMALL]: 100 },
    }));
    const table = { quiz: { [LARGE]: { in: 0, out: 20 }, [SMALL]: { in: 0, out: 2 } } };
    const { frontier } = prepare(rows, { prices: { table, catalog: [] } });
    expect(frontier?.range).toEqual({
      from: expect.closeTo(0.0002, 12),
      to: expect.closeTo(0.002, 12),
    });
  });

  it("refuse a set without train rows, valid rows or a known model", ({ expect }) => {
    const rows = quizRows(isEasy);
    const train = rows.filter(({ split }) => split === "train");
    const valid = rows.filter(({ split }) => split === "valid");
    expect(() => prepare(train)).toThrow("quiz: 100 train and 0 valid rows");
    expect(() => prepare(valid)).toThrow("quiz: 0 train and 100 valid rows");
    const strangers: Manifest = { ...manifest, models: {} };
    expect(() => prepare(rows, { manifest: strangers })).toThrow(
      /knows none of its models \(alpha/,
    );
  });
});

describe("poolSets", () => {
  it("counts a question that two sets share once, and averages AIQ over sets", ({ expect }) => {
    const rows = quizRows(isEasy);
    const again = rows.map((row) => ({ ...row, id: `${row.id}/again` }));
    const [first, second] = [prepare(rows), prepare(again, { name: "exam" })];
    const pool = poolSets([first, second]);
    expect(pool.groups).toHaveLength(200);
    expect(new Set(pool.groups).size).toBe(100);
    expect(pool.questions).toBe(100);
    const numbers = pool.numbers(once(200));
    expect(numbers["apgr.router"]).toBeCloseTo(0.75, 12);
    expect(numbers["aiq.router"]).toBeCloseTo(0.875, 12);
    expect(numbers["ece.router"]).toBeCloseTo(0.05, 12);
  });

  it("gives each set its own share of a resample", ({ expect }) => {
    const [easy, hard] = [prepare(quizRows(isEasy)), prepare(quizRows((i) => !isEasy(i)))];
    const random = randomFrom(9);
    const counts = Float64Array.from({ length: 200 }, () => Math.floor(3 * random()));
    const parts = [easy, hard].map((set, s) =>
      setNumbers(set, counts.slice(100 * s, 100 * s + 100)),
    );
    const pooled = poolSets([easy, hard]).numbers(counts);
    for (const name of ["aiq.router", "aiq.zero", "aiq.router-zero"])
      expect(pooled[name]).toBeCloseTo((parts[0]![name]! + parts[1]![name]!) / 2, 12);
  });
});
