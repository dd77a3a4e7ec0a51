/**
 * The controls on rows made so that one trait decides: length and category must find it, and fall back on
 * NaN or the model's mean where they have learnt nothing; random keeps its draws; the oracle knows.
 */
import { describe, it } from "vitest";
import {
  categoryEstimator,
  lengthEstimator,
  oracleEstimator,
  randomEstimator,
} from "../../../scripts/evaluation/controls.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";
import { outcomeRow } from "./outcome-rows.ts";

const COSTS = new Map([["alpha", 2]]);

describe("lengthEstimator", () => {
  it("learns for each model on its own what a long prompt does to it", ({ expect }) => {
    const train = Array.from({ length: 60 }, (_, i) => {
      const isLong = i % 2 === 0;
      return outcomeRow({
        prompt: "x".repeat(isLong ? 2_000 : 20),
        scores: { alpha: isLong ? 0 : 1, beta: 1 },
      });
    });
    const { quality, costUsd } = lengthEstimator(train, ["alpha", "beta"], COSTS);
    const [short, long] = [20, 2_000].map((n) =>
      outcomeRow({ prompt: "y".repeat(n), scores: { alpha: 1 } }),
    );
    expect(quality(short!, "alpha")).toBeGreaterThan(0.9);
    expect(quality(long!, "alpha")).toBeLessThan(0.1);
    expect(quality(long!, "beta")).toBeGreaterThan(0.9);
    expect(quality(long!, "gamma")).toBeNaN();
    expect(costUsd(long!, "alpha")).toBe(2);
  });
});

describe("categoryEstimator", () => {
  const train = [
    outcomeRow({ category: "law", scores: { alpha: 1 } }),
    outcomeRow({ category: "law", scores: { alpha: 0.5, beta: 1 } }),
    outcomeRow({ category: "art", scores: { alpha: 0 } }),
  ];

  it("gives the mean of the category, or the model's where that is unknown", ({ expect }) => {
    const { quality } = categoryEstimator(train, ["alpha", "beta"], COSTS)!;
    const law = outcomeRow({ category: "law", scores: { alpha: 0 } });
    const art = outcomeRow({ category: "art", scores: { alpha: 0 } });
    const new_ = outcomeRow({ category: "tax", scores: { alpha: 0 } });
    expect(quality(law, "alpha")).toBe(0.75);
    expect(quality(art, "alpha")).toBe(0);
    expect(quality(art, "beta")).toBe(1);
    expect(quality(new_, "alpha")).toBe(0.5);
    expect(quality(outcomeRow({ scores: { alpha: 0 } }), "alpha")).toBe(0.5);
  });

  it("does not exist without categories", ({ expect }) => {
    expect(
      categoryEstimator([outcomeRow({ scores: { alpha: 1 } })], ["alpha"], COSTS),
    ).toBeUndefined();
  });
});

describe("randomEstimator", () => {
  it("keeps a draw, and draws for each row and model", ({ expect }) => {
    const { quality } = randomEstimator(randomFrom(5), COSTS);
    const [a, b] = [outcomeRow({ scores: { alpha: 1 } }), outcomeRow({ scores: { alpha: 1 } })];
    const first = quality(a, "alpha");
    expect(quality(b, "alpha")).not.toBe(first);
    expect(quality(a, "beta")).not.toBe(first);
    expect(quality(a, "alpha")).toBe(first);
  });
});

describe("oracleEstimator", () => {
  it("knows the outcome and the bill", ({ expect }) => {
    const oracle = oracleEstimator(() => 0.07);
    const row = outcomeRow({ scores: { alpha: 0.4 } });
    expect(oracle.quality(row, "alpha")).toBe(0.4);
    expect(oracle.quality(row, "beta")).toBeNaN();
    expect(oracle.costUsd(row, "alpha")).toBe(0.07);
  });
});
