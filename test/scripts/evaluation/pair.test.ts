/**
 * The rule that picks the strong and the weak model: each of its branches, and the sets that have no pair.
 */
import { describe, it } from "vitest";
import { choosePair } from "../../../scripts/evaluation/pair.ts";

function model(name: string, quality: number, costUsd?: number) {
  return { model: name, quality, costUsd };
}

function names(models: ReturnType<typeof model>[]) {
  const pair = choosePair(models);
  return pair && [pair.strong.model, pair.weak.model, pair.by];
}

describe("choosePair", () => {
  it("takes the best, and the cheapest that is half as good", ({ expect }) => {
    const models = [
      model("a", 0.8, 10),
      model("b", 0.5, 2),
      model("c", 0.6, 1),
      model("d", 0.3, 0.1),
    ];
    expect(names(models)).toEqual(["a", "c", "cost"]);
  });

  it("takes the least good that is half as good where a cost is unknown", ({ expect }) => {
    const models = [model("a", 0.8, 10), model("b", 0.4), model("c", 0.6, 1), model("d", 0.3)];
    expect(names(models)).toEqual(["a", "b", "quality"]);
  });

  it("takes the next best where none is half as good", ({ expect }) => {
    expect(names([model("a", 0.8), model("b", 0.1), model("c", 0.2)])).toEqual([
      "a",
      "c",
      "quality",
    ]);
  });

  it("breaks ties by name, and finds no pair among equals, in one model or in none", ({
    expect,
  }) => {
    expect(names([model("z", 0.8, 1), model("y", 0.8, 1), model("x", 0.5, 1)])).toEqual([
      "y",
      "x",
      "cost",
    ]);
    expect(names([model("a", 0.5), model("b", 0.5)])).toBeUndefined();
    expect(names([model("a", 0.5)])).toBeUndefined();
    expect(names([])).toBeUndefined();
  });
});
