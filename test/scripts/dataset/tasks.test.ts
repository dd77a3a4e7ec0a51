/** Which task a row is of, by the words of its set and category. */
import { describe, it } from "vitest";
import { TASKS, taskOf } from "../../../scripts/dataset/tasks.ts";

describe("taskOf", () => {
  it.for([
    ["gsm8k", undefined, "math"],
    ["zeroeval_math_l5", "algebra", "math"],
    ["mmlu_pro", "math", "math"],
    ["mmlu_pro", "physics", "science"],
    ["mmlu_pro", "history", "knowledge"],
    ["mmlu_pro", "psychology", "knowledge"],
    ["paretobandit", "HumanEval", "code"],
    ["psn_irt", "mbpp", "code"],
    ["bfcl_v1", "function calling", "code"],
    ["fofo", "health/JSON", "format"],
    ["ulab_llmrouter", "hellaswag", "reasoning"],
    ["vicuna80", "roleplay", "writing"],
    ["arena_bench", undefined, "conversation"],
  ] as const)("takes %s/%s for %s", ([dataset, category, task], { expect }) => {
    expect(taskOf(dataset, category)).toBe(task);
  });

  it("leaves a row alone that no word fits", ({ expect }) => {
    expect(taskOf("my-outcomes", undefined)).toBeUndefined();
    expect(taskOf("quiz", "misc")).toBeUndefined();
  });

  it("lists each task once", ({ expect }) => {
    expect(new Set(TASKS).size).toBe(TASKS.length);
  });
});
