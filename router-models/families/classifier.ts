/**
 * Tiny classifiers beside another family: how hard a prompt is, what task it is, and how long its answer
 * will be.
 *
 * Each is a few columns of the one dense layer that makes the answer, because what can be read off a
 * prompt's surface and words is already in the features below it; the heads cost the graph a few hundred
 * multiplications. Difficulty is the probability that a model of the training population fails. Length
 * is the logarithm of the output tokens, as median and 90th percentile.
 *
 * Sources: Hybrid LLM 2404.14618 (difficulty heads); CARROT 2502.03261 (cost heads).
 */
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";
import { binaryCrossEntropy, crossEntropy, pinball } from "../graph/losses.ts";
import { answerColumns, type AnswerShape } from "./answer.ts";

/** How much the losses of the heads count beside the quality loss, which counts 1. */
export interface HeadWeights {
  readonly difficulty: number;
  readonly task: number;
  readonly length: number;
}

/**
 * The heads' losses, weighted and summed. Labels and weights: `failures`, `rowWeights`, `taskWeights`
 * [B, 1]; `tasks` [B, tasks]; `tokens`, `tokenWeights` [B, M], ln(output tokens). Trains `tokenOffsets`
 * [M], by how much each model's answers are longer than the average model's.
 */
export function headLosses(
  g: Graph,
  answer: Value,
  { shape, models, weights }: { shape: AnswerShape; models: number; weights: HeadWeights },
): Value {
  const columns = answerColumns(shape);
  const difficulty = binaryCrossEntropy(g, g.sliceColumns(answer, ...columns.failure), {
    labels: g.input("failures", "float32", ["B", 1]),
    weights: g.input("rowWeights", "float32", ["B", 1]),
  });
  const task = crossEntropy(g, g.sliceColumns(answer, ...columns.task), {
    labels: g.input("tasks", "float32", ["B", shape.tasks]),
    weights: g.input("taskWeights", "float32", ["B", 1]),
  });
  const offsets = g.parameter("tokenOffsets", [models]);
  const lengths = {
    labels: g.input("tokens", "float32", ["B", models]),
    weights: g.input("tokenWeights", "float32", ["B", models]),
  };
  const median = g.sliceColumns(answer, ...columns.length);
  const high = g.add(median, g.softplus(g.sliceColumns(answer, ...columns.spread)));
  const p50 = pinball(g, g.add(median, offsets), { ...lengths, level: 0.5 });
  const p90 = pinball(g, g.add(high, offsets), { ...lengths, level: 0.9 });
  return g.add(
    g.add(g.scale(difficulty, weights.difficulty), g.scale(task, weights.task)),
    g.scale(g.add(p50, p90), weights.length),
  );
}
