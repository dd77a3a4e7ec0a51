/**
 * The way from a graph's answer to a forecast, on graphs that say what the test wants; and the contract
 * for the plain interpreter, which needs no runtime.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { promptOfText } from "../../router-models/features/prompt.ts";
import { Scorer, type GraphFeeds, type PanelModel } from "../../router-models/scorer.ts";
import { scorerContract } from "../contract/scorer-contract.ts";
import { interpreterOf } from "../contract/small-router.ts";
import { smallManifest } from "./small-manifest.ts";

scorerContract({ name: "the interpreter", open: async (router) => interpreterOf(router) });

function member(id: string, more: Partial<PanelModel> = {}): PanelModel {
  return { id, ability: [0, 0, 0], logTokensOffset: 0, standing: 0, ...more };
}

/** Columns of an answer for two abilities and two tasks. */
interface Answer {
  readonly demand?: readonly [number, number];
  readonly difficulty?: number;
  readonly failure?: number;
  readonly length?: number;
  readonly spread?: number;
  readonly task?: readonly number[];
}

/** A graph that answers the same to everything, and remembers what it was fed. */
function constantGraph(answer: Answer) {
  const fed: GraphFeeds[] = [];
  const { demand = [0, 0], difficulty = 0, failure = 0 } = answer;
  const { length = 1, spread = 0, task = [1, 0] } = answer;
  return {
    fed,
    async run(feeds: GraphFeeds): Promise<Float32Array> {
      fed.push(feeds);
      return Float32Array.from([...demand, difficulty, failure, length, spread, ...task]);
    },
  };
}

describe("Scorer", () => {
  it("refuses a panel model of another width, by name", ({ expect }) => {
    const panel = [member("a/right"), member("b/wrong", { ability: [0, 0] })];
    expect(() => new Scorer(smallManifest(), panel)).toThrow(
      "Cannot score b/wrong: ability of 2 numbers, not 3",
    );
  });

  it("gives each model its logit, calibrated, its length and its standing", async ({ expect }) => {
    const scorer = new Scorer(
      smallManifest({ calibration: { kind: "platt", slope: 2, intercept: 1 } }),
      [
        member("a/a", { ability: [0.5, 1, 2], standing: 3 }),
        member("b/b", { ability: [-1, 0, 1], logTokensOffset: Math.log(2) }),
      ],
    );
    const graph = constantGraph({
      demand: [0.5, 0.25],
      difficulty: 1.5, // a: 0.5 + 0.5 + 0.5 − 1.5 = 0; b: −1 + 0.25 − 1.5 = −2.25.
      failure: -Math.log(3),
      task: [0.4, 0.6],
      length: Math.log(10),
      spread: Math.log(9), // softplus(ln 9) = ln 10
    });
    const forecast = await scorer.score(promptOfText("abcdefgh"), graph);
    expect(forecast).toMatchObject({ inputTokens: 6, task: "code" });
    expect(forecast.difficulty).toBeCloseTo(0.25, 6);
    const [a, b] = forecast.models;
    expect(a).toMatchObject({ id: "a/a", standing: 3, outputTokensP50: 10, outputTokensP90: 100 });
    expect(b).toMatchObject({ id: "b/b", standing: 0, outputTokensP50: 20, outputTokensP90: 200 });
    expect(a!.score).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(b!.score).toBeCloseTo(1 / (1 + Math.exp(3.5)), 12);
  });

  it("refuses an answer of another width", async ({ expect }) => {
    const scorer = new Scorer(smallManifest(), [member("a/a")]);
    const graph = constantGraph({ task: [1, 0, 0] });
    await expect(scorer.score(promptOfText("x"), graph)).rejects.toThrow("9 numbers, not 8");
  });

  it("feeds one row of no weight for a prompt without words", async ({ expect }) => {
    const graph = constantGraph({});
    await new Scorer(smallManifest(), [member("a/a")]).score(promptOfText("  \n"), graph);
    expect([...graph.fed[0]!.ids]).toEqual([0]);
    expect([...graph.fed[0]!.weights]).toEqual([0]);
  });

  it("keeps lengths between one token and the longest answers sold", async ({ expect }) => {
    const anyNumber = fc.double({ min: -50, max: 50, noNaN: true });
    await fc.assert(
      fc.asyncProperty(anyNumber, anyNumber, anyNumber, async (length, spread, logTokensOffset) => {
        const scorer = new Scorer(smallManifest(), [member("a/a", { logTokensOffset })]);
        const graph = constantGraph({ length, spread });
        const [model] = (await scorer.score(promptOfText("x"), graph)).models;
        expect(model!.outputTokensP50).toBeGreaterThanOrEqual(1);
        expect(model!.outputTokensP90).toBeLessThanOrEqual(128_000);
        expect(model!.outputTokensP90).toBeGreaterThanOrEqual(model!.outputTokensP50);
      }),
    );
  });

  it("passes on what the graph throws", async ({ expect }) => {
    const scorer = new Scorer(smallManifest(), [member("a/a")]);
    const broken = { run: () => Promise.reject(new Error("out of memory")) };
    await expect(scorer.score(promptOfText("x"), broken)).rejects.toThrow("out of memory");
  });
});
