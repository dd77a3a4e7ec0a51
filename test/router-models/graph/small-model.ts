/**
 * A router in miniature, with every part that the real families are made of: a bag, an MLP on statistics,
 * factorised logits, a class head and two quantile heads, trained by the three losses at once. Its
 * definition, its batches and its made-up data serve the tests of both compilations.
 */
import type { Graph } from "../../../router-models/graph/graph.ts";
import type { Feed } from "../../../router-models/graph/interpret.ts";
import type { Value } from "../../../router-models/graph/ir.ts";
import { binaryCrossEntropy, crossEntropy, pinball } from "../../../router-models/graph/losses.ts";
import { randomFrom } from "./operator-trials.ts";

export const SHAPE = {
  rows: 24,
  width: 4,
  statistics: 3,
  hidden: 5,
  models: 3,
  groups: 4,
} as const;

export const DIMS = {
  lexical: [SHAPE.rows, SHAPE.width],
  hidden: [SHAPE.statistics, SHAPE.hidden],
  hiddenBias: [SHAPE.hidden],
  mixer: [SHAPE.width + SHAPE.hidden, SHAPE.width],
  ability: [SHAPE.models, SHAPE.width],
  difficulty: [SHAPE.models],
  groups: [SHAPE.width, SHAPE.groups],
  p50: [SHAPE.width, SHAPE.models],
  p90: [SHAPE.width, SHAPE.models],
} as const;

export interface Heads {
  readonly logits: Value; // [B, models]
  readonly groups: Value; // [B, groups], logits
  readonly p50: Value; // [B, models]
  readonly p90: Value; // [B, models]
}

export function forward(g: Graph): Heads {
  const statistics = g.input("statistics", "float32", [g.batch, SHAPE.statistics]);
  const lexical = g.bag("lexical", { rows: SHAPE.rows, width: SHAPE.width });
  const weighted = g.add(
    g.matmul(statistics, g.parameter("hidden", DIMS.hidden)),
    g.parameter("hiddenBias", DIMS.hiddenBias),
  );
  const both = g.concat([lexical, g.tanh(weighted)], 1);
  const mixed = g.matmul(both, g.parameter("mixer", DIMS.mixer));
  const ability = g.parameter("ability", DIMS.ability);
  return {
    logits: g.sub(g.matmulTransposed(mixed, ability), g.parameter("difficulty", DIMS.difficulty)),
    groups: g.matmul(mixed, g.parameter("groups", DIMS.groups)),
    p50: g.matmul(mixed, g.parameter("p50", DIMS.p50)),
    p90: g.matmul(mixed, g.parameter("p90", DIMS.p90)),
  };
}

export function inference(g: Graph): void {
  const heads = forward(g);
  g.output("quality", g.sigmoid(heads.logits));
  g.output("task", g.softmax(heads.groups));
  g.output("tokens", g.concat([heads.p50, heads.p90], 1));
}

export function loss(g: Graph): Value {
  const heads = forward(g);
  const quality = { labels: labels(g, "correct"), weights: labels(g, "correctWeights") };
  const groups = {
    labels: g.input("group", "float32", [g.batch, SHAPE.groups]),
    weights: g.input("groupWeights", "float32", [g.batch, 1]),
  };
  const tokens = { labels: labels(g, "tokens"), weights: labels(g, "tokensWeights") };
  const parts = [
    binaryCrossEntropy(g, heads.logits, quality),
    g.scale(crossEntropy(g, heads.groups, groups), 0.5),
    g.scale(pinball(g, heads.p50, { ...tokens, level: 0.5 }), 0.3),
    g.scale(pinball(g, heads.p90, { ...tokens, level: 0.9 }), 0.3),
  ];
  return parts.reduce((total, part) => g.add(total, part));
}

function labels(g: Graph, name: string): Value {
  return g.input(name, "float32", [g.batch, SHAPE.models]);
}

/** Prompts as lists of table rows: none, one, the same twice, one that all share, one used once. */
export const PROMPTS: readonly (readonly number[])[] = [
  [],
  [3],
  [3, 3],
  [3, 5, 5, 7],
  [3, 23, 0, 11],
  [3, 5, 9, 11, 13, 0],
];

/** Small random weights, the same at every call; float32 numbers. */
export function initialWeights(): Record<string, Float32Array<ArrayBuffer>> {
  const random = randomFrom(3);
  const weights: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const [name, dims] of Object.entries(DIMS)) {
    const length = dims.reduce<number>((size, dim) => size * dim, 1);
    weights[name] = Float32Array.from({ length }, () => 1.6 * (random() - 0.5));
  }
  return weights;
}

/** What the host does with a prompt: distinct ids in order of appearance, how often each occurs, at length 1. */
export function countIds(prompt: readonly number[]): { ids: number[]; weights: number[] } {
  const counts = new Map<number, number>();
  for (const id of prompt) counts.set(id, (counts.get(id) ?? 0) + 1);
  const norm = Math.hypot(...counts.values());
  return { ids: [...counts.keys()], weights: [...counts.values()].map((n) => n / norm) };
}

/** `rowIds` and `bag` of a batch, as training feeds them. */
export function bagFeeds(prompts: readonly (readonly number[])[]): { rowIds: Feed; bag: Feed } {
  const rowIds = [...new Set(prompts.flat())];
  const data = new Float32Array(prompts.length * rowIds.length);
  prompts.forEach((prompt, b) => {
    const { ids, weights } = countIds(prompt);
    ids.forEach((id, i) => (data[b * rowIds.length + rowIds.indexOf(id)] = weights[i]!));
  });
  return {
    rowIds: { dims: [rowIds.length], data: rowIds },
    bag: { dims: [prompts.length, rowIds.length], data },
  };
}

/** A batch of PROMPTS with labels, some masked out; the masked ones are absurd on purpose. */
export function batchFeeds(): Record<string, Feed> {
  const random = randomFrom(5);
  const B = PROMPTS.length;
  function fill(width: number, f: (b: number) => number): Feed & { data: Float32Array } {
    return {
      dims: [B, width],
      data: Float32Array.from({ length: B * width }, (_, i) => f(Math.floor(i / width))),
    };
  }
  const { models, groups } = SHAPE;
  const group = fill(groups, random);
  const sums = PROMPTS.map((_, b) =>
    group.data.slice(b * groups, (b + 1) * groups).reduce((x, y) => x + y),
  );
  const weights = fill(models, () => (random() < 0.3 ? 0 : 0.5 + random()));
  return {
    ...bagFeeds(PROMPTS),
    statistics: fill(SHAPE.statistics, () => 2 * random() - 1),
    correct: {
      dims: [B, models],
      data: fill(models, random).data.map((x, i) => (weights.data[i] === 0 ? 1e6 : x)),
    },
    correctWeights: weights,
    group: { ...group, data: group.data.map((x, i) => x / sums[Math.floor(i / groups)]!) },
    groupWeights: fill(1, (b) => (b === 2 ? 0 : 1)),
    tokens: fill(models, () => 4 * random()),
    tokensWeights: fill(models, () => (random() < 0.2 ? 0 : 1)),
  };
}
