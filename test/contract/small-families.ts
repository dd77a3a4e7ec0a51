/**
 * Each family in its real form, at a small size and with made-up weights; and its formulas written down a
 * second time, in plain loops, for whoever runs its graph to be compared with.
 */
import { banditDefinition } from "../../router-models/families/bandit.ts";
import { graphSmoothingDefinition } from "../../router-models/families/graph-smoothing.ts";
import { lengthDefinition } from "../../router-models/families/length.ts";
import { similarityDefinition } from "../../router-models/families/similarity.ts";
import { strongWinDefinition } from "../../router-models/families/strong-win.ts";
import { compileInference, type InferenceDefinition } from "../../router-models/graph/compile.ts";
import type { GraphFeeds } from "../../router-models/scorer.ts";
import { madeUpWeights } from "../support/made-up-graph.ts";
import { STANDARDISATION } from "./small-router.ts";

type Vector = readonly number[];
type Weights = Readonly<Record<string, Float32Array>>;

export interface SmallFamily {
  readonly name: string;
  readonly define: InferenceDefinition;
  /** The answer that the formulas give. */
  readonly plain: (weights: Weights, feeds: GraphFeeds) => Vector;
}

const ROWS = { tableRows: 64, tasks: 4 };
const D = 5;
const ANCHORS = 7;
const GROUPS = 3;

export const SMALL_FAMILIES: readonly SmallFamily[] = [
  {
    name: "similarity",
    define: similarityDefinition(
      { ...ROWS, tableWidth: D, anchors: ANCHORS, abilityWidth: 2 },
      STANDARDISATION,
    ),
    plain(weights, feeds) {
      const q = query(weights, feeds, D);
      const table = [...weights["table"]!];
      const near = Array.from({ length: ANCHORS }, (_, j) =>
        dot(q, table.slice((64 + j) * D, (64 + j + 1) * D)),
      );
      const shares = softmax(near.map((x, j) => x + weights["anchors.bias"]![j]!));
      return product(shares, weights["answers"]!);
    },
  },
  {
    name: "graph",
    define: graphSmoothingDefinition(
      { ...ROWS, tableWidth: D, abilityWidth: GROUPS },
      STANDARDISATION,
    ),
    plain(weights, feeds) {
      const near = product(query(weights, feeds, D), weights["groups.weight"]!);
      const shares = softmax(near.map((x, g) => x + weights["groups.bias"]![g]!));
      return [...shares, ...product(shares, weights["heads"]!)];
    },
  },
  {
    name: "bandit",
    define: banditDefinition({ ...ROWS, abilityWidth: D }, STANDARDISATION),
    plain: (weights, feeds) => linear(weights, query(weights, feeds, D)),
  },
  {
    name: "length",
    define: lengthDefinition({ ...ROWS, abilityWidth: 1 }, STANDARDISATION),
    plain: (weights, feeds) => linear(weights, query(weights, feeds, 1)),
  },
  {
    name: "classifier",
    define: strongWinDefinition({ ...ROWS, tableWidth: D, abilityWidth: 1 }, STANDARDISATION),
    plain(weights, feeds) {
      const hidden = query(weights, feeds, D).map((x) => Math.max(x, 0));
      const answer = product(hidden, weights["answer.weight"]!);
      return answer.map((x, i) => x + weights["answer.bias"]![i]!);
    },
  },
];

/** The model's bytes and the weights that it computes with, made up from a seed. */
export function madeUp({ define }: SmallFamily, seed: number): ReturnType<typeof compileInference> {
  return compileInference(define, madeUpWeights(define, seed));
}

function query(weights: Weights, feeds: GraphFeeds, width: number): number[] {
  const squeezed = Array.from(feeds.statistics, (x, s) =>
    Math.tanh(
      (0.5 * (x - STANDARDISATION.mean[s]!)) / Math.max(STANDARDISATION.deviation[s]!, 1e-3),
    ),
  );
  const surface = product(squeezed, weights["query.weight"]!);
  return surface.map((x, d) => {
    let sum = x + weights["query.bias"]![d]!;
    feeds.ids.forEach((id, i) => (sum += feeds.weights[i]! * weights["table"]![id * width + d]!));
    return sum;
  });
}

function linear(weights: Weights, q: Vector): number[] {
  const heads = product(q, weights["heads.weight"]!);
  return [...q, ...heads.map((x, i) => x + weights["heads.bias"]![i]!)];
}

/** A row vector times a matrix with as many rows. */
function product(row: Vector, matrix: Float32Array): number[] {
  const columns = matrix.length / row.length;
  return Array.from({ length: columns }, (_, c) =>
    row.reduce((sum, x, r) => sum + x * matrix[r * columns + c]!, 0),
  );
}

function softmax(logits: Vector): number[] {
  const powers = logits.map((x) => Math.exp(x - Math.max(...logits)));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / total);
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}
