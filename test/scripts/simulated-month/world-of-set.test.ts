/** A made-up set as a world: who is asked what, when, and to whom what happens. */
import { describe, it } from "vitest";
import type { OutcomeRow } from "../../../scripts/dataset/outcome-file.ts";
import { NoWorld, placeOfSet } from "../../../scripts/simulated-month/world-of-set.ts";

const QUALITY: Readonly<Record<string, number>> = { good: 0.9, better: 0.95, poor: 0.2, fair: 0.6 };
const PRICE = { in: 1, out: 1 };
const PRICES = {
  table: { "made-up": { good: PRICE, better: { in: 20, out: 20 }, poor: PRICE, fair: PRICE } },
  catalog: [],
};
const TERMS = { days: 30, lambda: 0.2, prices: PRICES };

function rowOf(k: number, models: readonly string[] = Object.keys(QUALITY)): OutcomeRow {
  return {
    id: `row ${k}`,
    dataset: "made-up",
    gid: `question ${k}`,
    category: k < 300 ? "much" : "little",
    prompt: `Question number ${k}?`,
    split: "train",
    scores: Object.fromEntries(models.map((model) => [model, QUALITY[model]!])),
  };
}

const ROWS = Array.from({ length: 500 }, (_, k) => rowOf(k));
const SET = { name: "made-up", sha256: "", rows: ROWS };

describe("a set as a world", () => {
  const place = placeOfSet(SET, TERMS);
  const { world, before, probes } = place;

  it("asks no question of before the month in it, and what is strange in it alone", ({
    expect,
  }) => {
    const known = new Set(before.map(({ gid }) => gid));
    const familiar = world.familiar.map(({ gid }) => gid);
    expect(familiar.filter((gid) => known.has(gid))).toEqual([]);
    expect(known.size + familiar.length).toBe(300);
    expect(before.every(({ category }) => category === "much")).toBe(true);
    expect(world.strange.map(({ gid }) => gid)).toEqual(
      ROWS.filter(({ category }) => category === "little").map(({ gid }) => gid),
    );
  });

  it("deals roles by what was known before", ({ expect }) => {
    expect(world.reference).toBe("better");
    expect(place.best).toBe("good");
    expect(world.happenings.map((one) => [one.what, "model" in one ? one.model : ""])).toEqual([
      ["appears", "better"],
      ["collapses", "good"],
      ["shifts", ""],
      ["reprices", "better"],
    ]);
    expect(before.every(({ scores }) => !("better" in scores))).toBe(true);
    expect(probes.every(({ scores }) => Object.keys(scores).join() === "better")).toBe(true);
    expect(probes).toHaveLength(20);
  });

  it("says that lengths were made up, and counts costs by them", ({ expect }) => {
    expect(place.isLengthAssumed).toBe(true);
    const { answers } = world.strange[0]!;
    expect(answers.get("good")!.costMicroUsd).toBeGreaterThan(250);
    expect(answers.get("better")!.costMicroUsd).toBeCloseTo(20 * answers.get("good")!.costMicroUsd);
    const told = ROWS.map((row) => ({ ...row, out_tokens: row.scores }));
    expect(placeOfSet({ ...SET, rows: told }, TERMS).isLengthAssumed).toBe(false);
  });

  it("refuses sets that are none", ({ expect }) => {
    const three = ROWS.map((_, k) => rowOf(k, ["good", "better", "poor"]));
    expect(() => placeOfSet({ ...SET, rows: three }, TERMS)).toThrow(NoWorld);
    expect(() => placeOfSet({ ...SET, rows: ROWS.slice(0, 300) }, TERMS)).toThrow(NoWorld);
    const unpriced = { ...TERMS, prices: { table: {}, catalog: [] } };
    expect(() => placeOfSet(SET, unpriced)).toThrow(NoWorld);
  });
});
