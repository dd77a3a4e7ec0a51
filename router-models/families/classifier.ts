/**
 * Tiny classifiers on the hidden features of another family: how hard a prompt is, what task it is,
 * and how long its answer will be.
 *
 * Each is one dense layer, because what can be read off a prompt's surface and words is already in the
 * features; the heads cost the graph a few hundred multiplications. Difficulty is the probability that
 * a model of the training population fails. Length is the logarithm of the output tokens, as median and
 * 90th percentile; the 90th is the median plus a softplus, so the two can never cross.
 *
 * Source: Hybrid LLM 2404.14618 (difficulty heads); CARROT 2502.03261 (cost heads).
 */
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";
import { dense } from "./mf.ts";

export interface HeadValues {
  /** [B, 1] */
  readonly difficultyLogit: Value;
  /** [B, tasks] */
  readonly taskLogits: Value;
  /** [B, 1] each, ln(output tokens) of a model of average length. */
  readonly logTokensP50: Value;
  readonly logTokensP90: Value;
}

/** @param width Columns of `hidden`. */
export function heads(
  g: Graph,
  hidden: Value,
  { width, tasks }: { width: number; tasks: number },
): HeadValues {
  const logTokensP50 = dense(g, "length", { input: hidden, from: width, to: 1 });
  const spread = dense(g, "spread", { input: hidden, from: width, to: 1 });
  return {
    difficultyLogit: dense(g, "hard", { input: hidden, from: width, to: 1 }),
    taskLogits: dense(g, "task", { input: hidden, from: width, to: tasks }),
    logTokensP50,
    logTokensP90: g.add(logTokensP50, g.softplus(spread)),
  };
}
