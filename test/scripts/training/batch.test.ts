/**
 * A batch must show the training step what the served graph will see. The bag of a batch is compared with
 * the weights that the inference graph makes for itself, and the two graphs with each other.
 */
import { describe, it } from "vitest";
import { answerColumns } from "../../../router-models/families/answer.ts";
import { lossDefinition } from "../../../router-models/families/router.ts";
import { extractFeatures } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { STATISTICS } from "../../../router-models/features/statistics.ts";
import { buildTrainingStep } from "../../../router-models/graph/compile.ts";
import { interpret, shaped, type Feed } from "../../../router-models/graph/interpret.ts";
import { liveValues } from "../../../router-models/graph/live.ts";
import { batchTensors } from "../../../scripts/training/batch.ts";
import type { Corpus } from "../../../scripts/training/corpus.ts";
import type { Example } from "../../../scripts/training/examples.ts";
import { interpreterOf, SHAPE, smallRouter, STANDARDISATION } from "../../contract/small-router.ts";

const TEXTS = [
  "Which river is the longest in Europe?",
  "",
  "def f(x): return x + 1  # why?",
  "请解释光合作用。",
  Array.from({ length: 900 }, (_, i) => `w${i}`).join(" "),
];
const SIZE = { models: 3, tasks: SHAPE.tasks };

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

const ALL_KNOWN = new Uint8Array(SHAPE.tableRows).fill(1);

function batchOf(examples: readonly Example[], isKnown = ALL_KNOWN) {
  const corpus: Corpus = { isKnown, standardisation: STANDARDISATION };
  return batchTensors(examples, corpus, {
    ...SIZE,
    datasetWeight: new Map([["large", 0.5]]),
    keepLexical: examples.map(() => 1),
  });
}

/** Each row's weights by table row, as the batch has them. */
function bagRows(tensors: ReturnType<typeof batchOf>): Map<number, number>[] {
  const { rowIds, bag } = tensors;
  const [rows = 0, columns = 0] = bag!.dims;
  return Array.from({ length: rows }, (_, b) => {
    const entries = Array.from(rowIds!.data, (id, c): [number, number] => [
      id,
      bag!.data[b * columns + c]!,
    ]);
    return new Map(entries.filter(([, weight]) => weight !== 0));
  });
}

/** Logits by the training graph, one row for each example. */
function trainingLogits(
  examples: readonly Example[],
  parameters: Readonly<Record<string, Float32Array>>,
  abilities: Float32Array,
): number[][] {
  const define = lossDefinition(SHAPE, STANDARDISATION, {
    models: SIZE.models,
    contrastWeight: 1,
    headWeights: { difficulty: 1, task: 1, length: 1 },
  });
  const { outputs } = buildTrainingStep(define, { gradientsOnly: true });
  const wanted = new Map([["logits", outputs.get("logits")!]]);
  const feeds: Record<string, Feed> = {
    ...batchOf(examples),
    ...shaped(liveValues(wanted.values()), { ...parameters, abilities }),
  };
  const { data } = interpret(wanted, feeds)["logits"]!;
  return examples.map((_, b) => Array.from(data.subarray(b * SIZE.models, (b + 1) * SIZE.models)));
}

describe("batchTensors", () => {
  it("weighs words as the inference graph does", ({ expect }) => {
    const rows = bagRows(batchOf(TEXTS.map((text) => exampleOf(text))));
    TEXTS.forEach((text, b) => {
      const { ids, weights } = extractFeatures(promptOfText(text), SHAPE.tableRows);
      const expected = new Map<number, number>();
      ids.forEach((id, i) => expected.set(id, (expected.get(id) ?? 0) + weights[i]!));
      expect(new Set(rows[b]!.keys())).toEqual(new Set(expected.keys()));
      for (const [id, weight] of expected) expect(rows[b]!.get(id)).toBeCloseTo(weight, 5);
    });
  });

  it("lists every used table row once and leaves out those not known", ({ expect }) => {
    const { rowIds } = batchOf(
      TEXTS.map((text) => exampleOf(text)),
      ALL_KNOWN.map((_, id) => id % 2),
    );
    const ids = [...rowIds!.data];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id % 2 === 1)).toBe(true);
  });

  it("makes a batch of prompts without words as well", ({ expect }) => {
    const { rowIds, bag } = batchOf([exampleOf(""), exampleOf(" ")]);
    expect(rowIds!.dims).toEqual([1]);
    expect(bag).toEqual({ data: new Float32Array(2), dims: [2, 1] });
  });

  it("puts labels under their models and tasks, and zero weight elsewhere", ({ expect }) => {
    const tensors = batchOf([
      exampleOf("a", {
        scores: [
          [0, 1],
          [2, 0.5],
        ],
        logTokens: [[2, 4]],
        task: 3,
      }),
      exampleOf("b", { dataset: "large", scores: [[1, 0.25]] }),
    ]);
    expect(tensors["scores"]).toEqual({
      dims: [2, 3],
      data: Float32Array.of(1, 0, 0.5, 0, 0.25, 0),
    });
    expect(tensors["scoreWeights"]!.data).toEqual(Float32Array.of(0.5, 0, 0.5, 0, 0.5, 0));
    expect(tensors["tokens"]!.data).toEqual(Float32Array.of(0, 0, 4, 0, 0, 0));
    expect(tensors["tokenWeights"]!.data).toEqual(Float32Array.of(0, 0, 1, 0, 0, 0));
    expect(tensors["failures"]).toEqual({ dims: [2, 1], data: Float32Array.of(0.25, 0.75) });
    expect(tensors["rowWeights"]!.data).toEqual(Float32Array.of(1, 0.5));
    expect(tensors["tasks"]).toEqual({
      dims: [2, 4],
      data: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0),
    });
    expect(tensors["taskWeights"]!.data).toEqual(Float32Array.of(1, 0));
    expect(tensors["keepLexical"]).toEqual({ dims: [2, 1], data: Float32Array.of(1, 1) });
    expect(tensors["statistics"]!.dims).toEqual([2, STATISTICS.length]);
    expect(Array.from(tensors["statistics"]!.data).slice(STATISTICS.length)).toEqual([
      ...exampleOf("b").features.statistics,
    ]);
  });
});

describe("rows that count more or less than others", () => {
  it("weigh their scores by it, and nothing else", ({ expect }) => {
    const labels = {
      scores: [
        [0, 1],
        [2, 0],
      ],
      logTokens: [[1, 3]],
      task: 2,
    } as const;
    const tensors = batchOf([exampleOf("one", { ...labels, weight: 3 }), exampleOf("two", labels)]);
    expect([...tensors["scoreWeights"]!.data]).toEqual([1.5, 0, 1.5, 0.5, 0, 0.5]);
    expect([...tensors["rowWeights"]!.data]).toEqual([3, 1]);
    expect([...tensors["tokenWeights"]!.data]).toEqual([0, 1, 0, 0, 1, 0]);
    expect([...tensors["taskWeights"]!.data]).toEqual([1, 1]);
  });

  it("take guesses beside labels, and a label's place is its own", ({ expect }) => {
    const guesses = [
      [0, 0.5, 0.25],
      [1, 0.75, 0.25],
    ] as const;
    const tensors = batchOf([exampleOf("one", { dataset: "large", guesses })]);
    expect([...tensors["scores"]!.data]).toEqual([1, 0.75, 0]);
    expect([...tensors["scoreWeights"]!.data]).toEqual([0.5, 0.125, 0]);
    expect([...tensors["failures"]!.data]).toEqual([0]);
  });
});

describe("the two graphs of one router", () => {
  const router = smallRouter(2);
  const abilities = Float32Array.from({ length: SIZE.models * 4 }, (_, i) => Math.sin(i));

  async function servedLogits(text: string): Promise<number[]> {
    const { ids, weights, statistics } = extractFeatures(promptOfText(text), SHAPE.tableRows);
    const isEmpty = ids.length === 0;
    const answer = await interpreterOf(router).run({
      ids: isEmpty ? new Int32Array(1) : ids,
      weights: isEmpty ? new Float32Array(1) : weights,
      statistics,
    });
    const { demand, difficulty } = answerColumns(SHAPE);
    const asked = [1, ...answer.subarray(...demand)];
    return Array.from({ length: SIZE.models }, (_, m) =>
      asked.reduce(
        (sum, a, k) => sum + a * abilities[m * asked.length + k]!,
        -answer[difficulty[0]]!,
      ),
    );
  }

  it("agree on every prompt, alone and in a batch, given the weights that ship", async ({
    expect,
  }) => {
    const examples = TEXTS.map((text) => exampleOf(text));
    const together = trainingLogits(examples, router.parameters, abilities);
    for (const [b, text] of TEXTS.entries()) {
      const [alone] = trainingLogits([examples[b]!], router.parameters, abilities);
      const served = await servedLogits(text);
      served.forEach((logit, m) => {
        expect(together[b]![m]).toBeCloseTo(logit, 5);
        expect(alone![m]).toBeCloseTo(logit, 5);
      });
    }
  });

  it("stay close when only one of them is rounded to 8 bits", async ({ expect }) => {
    const exact = trainingLogits(
      TEXTS.map((text) => exampleOf(text)),
      router.trained,
      abilities,
    );
    for (const [b, text] of TEXTS.entries()) {
      const served = await servedLogits(text);
      served.forEach((logit, m) => expect(Math.abs(logit - exact[b]![m]!)).toBeLessThan(0.05));
    }
  });
});
