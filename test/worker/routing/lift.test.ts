/** Scores moved by what was learnt, and nothing else. */
import { describe, it } from "vitest";
import { lifted } from "../../../worker/routing/lift.ts";

const FORECAST = {
  models: [
    { id: "a/a", standing: 1, score: 0.5, outputTokensP50: 10, outputTokensP90: 20 },
    { id: "b/b", standing: 2, score: 0.9, outputTokensP50: 10, outputTokensP90: 20 },
  ],
  inputTokens: 5,
  difficulty: 0.5,
  task: "chat",
};

describe("a lifted forecast", () => {
  it("has other scores, within 0 and 1, and nothing else that is other", ({ expect }) => {
    const lifts = new Map([
      ["a/a", -0.2],
      ["b/b", 0.3],
      ["c/c", 1],
    ]);
    const { models, ...rest } = lifted(FORECAST, lifts);
    const { models: before, ...same } = FORECAST;
    expect(rest).toEqual(same);
    expect(models).toEqual([
      { ...before[0], score: 0.3 },
      { ...before[1], score: 1 },
    ]);
    expect(lifted(FORECAST, new Map([["a/a", -2]])).models[0]!.score).toBe(0);
  });

  it("is the forecast itself where nothing was learnt", ({ expect }) => {
    expect(lifted(FORECAST, new Map())).toBe(FORECAST);
  });
});
