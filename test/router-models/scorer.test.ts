/**
 * The way from a graph's answer to a forecast, on graphs that say what the test wants; and the contract
 * for the plain interpreter, which needs no runtime.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { promptOfText } from "../../router-models/features/prompt.ts";
import {
  Scorer,
  type GraphFeeds,
  type GraphOutputs,
  type PanelModel,
} from "../../router-models/scorer.ts";
import { scorerContract } from "../contract/scorer-contract.ts";
import { interpreterOf } from "../contract/small-router.ts";
import { smallManifest } from "./small-manifest.ts";

scorerContract({ name: "the interpreter", open: async (router) => interpreterOf(router) });

function member(id: string, more: Partial<PanelModel> = {}): PanelModel {
  return { id, ability: [0, 0, 0], logTokensOffset: 0, standing: 0, ...more };
}

/** A graph that answers the same to everything, and remembers what it was fed. */
function constantGraph(answer: Partial<Record<keyof GraphOutputs, readonly number[]>>) {
  const fed: GraphFeeds[] = [];
  const { logits = [0], difficulty = [0.5], task = [1, 0], logTokens = [1, 2] } = answer;
  return {
    fed,
    async run(feeds: GraphFeeds): Promise<GraphOutputs> {
      fed.push(feeds);
      return {
        logits: Float32Array.from(logits),
        difficulty: Float32Array.from(difficulty),
        task: Float32Array.from(task),
        logTokens: Float32Array.from(logTokens),
      };
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
      [member("a/a", { standing: 3 }), member("b/b", { logTokensOffset: Math.log(2) })],
    );
    const graph = constantGraph({
      logits: [0, -1],
      difficulty: [0.25],
      task: [0.4, 0.6],
      logTokens: [Math.log(10), Math.log(100)],
    });
    const forecast = await scorer.score(promptOfText("abcdefgh"), graph);
    expect(forecast).toMatchObject({ inputTokens: 6, difficulty: 0.25, task: "code" });
    const [a, b] = forecast.models;
    expect(a).toMatchObject({ id: "a/a", standing: 3, outputTokensP50: 10, outputTokensP90: 100 });
    expect(b).toMatchObject({ id: "b/b", standing: 0, outputTokensP50: 20, outputTokensP90: 200 });
    expect(a!.score).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(b!.score).toBeCloseTo(1 / (1 + Math.exp(1)), 12);
  });

  it("feeds the panel's abilities row by row", async ({ expect }) => {
    const panel = [member("a/a", { ability: [1, 2, 3] }), member("b/b", { ability: [4, 5, 6] })];
    const graph = constantGraph({ logits: [0, 0] });
    await new Scorer(smallManifest(), panel).score(promptOfText("x"), graph);
    expect([...graph.fed[0]!.abilities]).toEqual([1, 2, 3, 4, 5, 6]);
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
      fc.asyncProperty(anyNumber, anyNumber, anyNumber, async (p50, p90, logTokensOffset) => {
        const scorer = new Scorer(smallManifest(), [member("a/a", { logTokensOffset })]);
        const graph = constantGraph({ logTokens: [p50, p90] });
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
