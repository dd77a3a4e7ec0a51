/** Outcome rows as examples: labels stay with their models, lengths become logarithms, tasks numbers. */
import { describe, it } from "vitest";
import { extractFeatures } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { TASKS } from "../../../scripts/dataset/tasks.ts";
import { examplesOf, modelsOf, outputTokensOf } from "../../../scripts/training/examples.ts";
import { outcomeRow } from "../evaluation/outcome-rows.ts";

describe("examplesOf", () => {
  it("carries every label of a row to the model's index", ({ expect }) => {
    const row = outcomeRow({
      prompt: "Compute 3 * 4.",
      category: "math",
      scores: { b: 0.5, a: 1 },
      out_tokens: { a: 100, b: 0 },
    });
    const [example] = examplesOf([row], { models: ["a", "b", "c"], tableRows: 64 });
    expect(example).toEqual({
      dataset: "quiz",
      gid: row.gid,
      features: extractFeatures(promptOfText("Compute 3 * 4."), 64),
      inputTokens: 8,
      scores: [
        [1, 0.5],
        [0, 1],
      ],
      logTokens: [
        [1, 0],
        [0, Math.log(100)],
      ],
      task: TASKS.indexOf("math"),
    });
  });

  it("marks a row of no known task", ({ expect }) => {
    const [example] = examplesOf([outcomeRow({ scores: { a: 1 } })], {
      models: ["a"],
      tableRows: 64,
    });
    expect(example!.task).toBe(-1);
  });
});

describe("outputTokensOf", () => {
  it("prefers counted tokens to characters, and skips models without a score", ({ expect }) => {
    const row = outcomeRow({
      scores: { a: 1, b: 1, c: 1 },
      out_tokens: { a: 7, unscored: 9 },
      out_chars: { a: 400, b: 400, unscored: 4 },
    });
    expect(outputTokensOf(row)).toEqual([
      ["a", 7],
      ["b", 100],
    ]);
  });
});

describe("modelsOf", () => {
  it("names each model once, in an order of its own", ({ expect }) => {
    const rows = [
      outcomeRow({ scores: { b: 1, "é/ü": 0 } }),
      outcomeRow({ scores: { a: 1, b: 0 } }),
    ];
    expect(modelsOf(rows)).toEqual(["a", "b", "é/ü"]);
    expect(modelsOf(rows.toReversed())).toEqual(modelsOf(rows));
    expect(modelsOf([])).toEqual([]);
  });
});
