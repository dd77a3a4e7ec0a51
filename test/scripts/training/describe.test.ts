/**
 * The numbers by which new models are placed: read off a graph whose formulas are known, and off outcomes
 * that were made by a known rule.
 */
import { describe, it } from "vitest";
import { answerColumns } from "../../../router-models/families/answer.ts";
import { extractFeatures } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { describePlacement } from "../../../scripts/training/describe.ts";
import type { Example } from "../../../scripts/training/examples.ts";
import { interpreterOf, SHAPE, smallRouter } from "../../contract/small-router.ts";
import { sequence } from "../../support/made-up-graph.ts";

const GRAPH = interpreterOf(smallRouter(1));
const WIDTH = 1 + SHAPE.abilityWidth;

function abilitiesOf(models: number): number[][] {
  const next = sequence(9);
  return Array.from({ length: models }, () => Array.from({ length: WIDTH }, next));
}

function exampleOf(text: string, more: Partial<Example> = {}): Example {
  return {
    dataset: "quiz",
    gid: text,
    features: extractFeatures(promptOfText(text), SHAPE.tableRows),
    inputTokens: 1,
    scores: [[0, 1]],
    logTokens: [],
    task: -1,
    ...more,
  };
}

async function logitsOf(example: Example, abilities: readonly (readonly number[])[]) {
  const answer = await GRAPH.run(example.features);
  const { demand, difficulty } = answerColumns(SHAPE);
  const asked = [1, ...answer.subarray(...demand)];
  return abilities.map((ability) => dot(asked, ability) - answer[difficulty[0]]!);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function placementOf(examples: readonly Example[], abilities: readonly (readonly number[])[]) {
  return describePlacement({ examples, abilities, graph: GRAPH, shape: SHAPE });
}

/** Outcomes on the benchmark's set that follow the logits exactly, as soft scores. */
async function benchmark(models: number, rows: number) {
  const abilities = abilitiesOf(models);
  const asked = exampleOf("Which gas do plants take in?", { dataset: "mmlu_pro" });
  const logits = await logitsOf(asked, abilities);
  const scores = logits.map((z, m): [number, number] => [m, 1 / (1 + Math.exp(-z))]);
  const examples = Array.from({ length: rows }, () => ({ ...asked, scores }));
  return { placement: await placementOf(examples, abilities), abilities, logits };
}

describe("describePlacement", () => {
  const texts = ["Compute 3 * 4.", "Why is the sky blue?", "Write a poem about rain."];

  it("finds the demand and difficulty by which any model's mean logit follows", async ({
    expect,
  }) => {
    const examples = texts.map((text) => exampleOf(text));
    const abilities = abilitiesOf(5);
    const { demand, difficulty } = await placementOf(examples, abilities);
    expect(demand).toHaveLength(WIDTH);
    expect(demand[0]).toBe(1);
    const logits = await Promise.all(examples.map((example) => logitsOf(example, abilities)));
    abilities.forEach((ability, m) => {
      const mean = logits.reduce((sum, row) => sum + row[m]!, 0) / logits.length;
      expect(dot(demand, ability) - difficulty).toBeCloseTo(mean, 4);
    });
  });

  it("describes how abilities are distributed, never as certain", async ({ expect }) => {
    const abilities = [
      [1, 0, 0, 0],
      [3, 0, 2, 0],
    ];
    const { mean, covariance } = await placementOf([exampleOf("x")], abilities);
    expect(mean).toEqual([2, 0, 1, 0]);
    const rows = [0, 1, 2, 3].map((i) => covariance.slice(4 * i, 4 * i + 4));
    const expected = [
      [1.05, 0, 1, 0],
      [0, 0.05, 0, 0],
      [1, 0, 1.05, 0],
      [0, 0, 0, 0.05],
    ];
    rows.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(expected[i]![j]!, 12)));
  });

  it("trusts many models' spread more than a handful's", async ({ expect }) => {
    const [few, many] = await Promise.all(
      [4, 40].map((count) => {
        const alike = Array.from({ length: count }, () => [1, 0, 2, 0]);
        return placementOf([exampleOf("x")], alike);
      }),
    );
    expect(few!.covariance[0]).toBeCloseTo(0.05, 12);
    expect(many!.covariance[0]).toBeCloseTo(0.005, 12);
  });

  it("learns what a benchmark's score says of a model", async ({ expect }) => {
    const { placement, abilities, logits } = await benchmark(12, 400);
    const anchor = placement.anchors["mmlu_pro"]!;
    expect(anchor.models).toBe(12);
    expect(anchor.deviation).toBeGreaterThanOrEqual(0.05);
    expect(anchor.deviation).toBeLessThan(0.1);
    abilities.forEach((ability, m) => {
      const predicted = anchor.intercept + dot(anchor.gradient, ability);
      expect(Math.abs(predicted - logits[m]!)).toBeLessThan(0.05 * (1 + Math.abs(logits[m]!)));
    });
    expect(Object.keys(placement.anchors)).toEqual(["mmlu_pro"]);
  });

  it("learns nothing from few models or few rows", async ({ expect }) => {
    expect((await benchmark(7, 40)).placement.anchors).toEqual({});
    expect((await benchmark(12, 29)).placement.anchors).toEqual({});
    expect((await benchmark(8, 30)).placement.anchors["mmlu_pro"]!.models).toBe(8);
  });
});
