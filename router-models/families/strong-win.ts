/**
 * Classifier as a family of its own: two numbers per prompt, how hard it is and how much a strong model
 * helps, over the same features as `mf`.
 *
 *     h = relu(q)      [a, b, heads] = h · W + w      logit q_m = μ_m + a · θ_m − b
 *
 * With one ability, θ_m is a model's strength and a says how far strength counts: whoever is ahead by
 * strength wins with probability σ(Δμ + a Δθ). That is the strong-win classifier of the published
 * two-model routers, for any number of models. Its loss asks for just that: beside each score, the
 * verdict between a row's strong third and its weak third.
 *
 * Sources: RouteLLM 2406.18665 (BERT classifier), Hybrid LLM 2404.14618; Birnbaum 1968 (two-parameter model).
 */
import type { InferenceDefinition, LossDefinition } from "../graph/compile.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";
import { binaryCrossEntropy } from "../graph/losses.ts";
import { answerWidth, type AnswerShape } from "./answer.ts";
import { headLosses, type HeadWeights } from "./classifier.ts";
import { logitsOf, type Standardisation } from "./mf.ts";
import { query } from "./query.ts";

/** `abilityWidth` is 1. */
export interface StrongWinShape extends AnswerShape {
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
  /** D, columns of the table and units of the hidden layer. */
  readonly tableWidth: number;
}

/** Parameters: `table` [tableRows, D], `query.*`, `answer.weight` [D, answerWidth], `answer.bias`. */
export function strongWinDefinition(
  shape: StrongWinShape,
  standardisation: Standardisation,
): InferenceDefinition {
  return (g) => g.output("answer", forward(g, shape, standardisation));
}

/**
 * Cross-entropy of `scores` with `scoreWeights` [B, M]; of `verdicts` [B, 1], 1 where the strong third
 * won, with `verdictWeights`; and the heads' losses. `contrast` [B, M] sums to 1 over a row's strong
 * models and to −1 over its weak ones.
 */
export function strongWinLoss(
  shape: StrongWinShape,
  standardisation: Standardisation,
  { models, headWeights }: { models: number; headWeights: HeadWeights },
): LossDefinition {
  return (g) => {
    const abilities = g.parameter("abilities", [models, 1 + shape.abilityWidth]);
    const answer = forward(g, shape, standardisation);
    const logits = logitsOf(g, answer, { abilities, shape });
    const quality = binaryCrossEntropy(g, logits, {
      labels: g.input("scores", "float32", ["B", models]),
      weights: g.input("scoreWeights", "float32", ["B", models]),
    });
    const contrast = g.input("contrast", "float32", ["B", models]);
    const strongWin = binaryCrossEntropy(g, g.sum(g.mul(logits, contrast), 1), {
      labels: g.input("verdicts", "float32", ["B", 1]),
      weights: g.input("verdictWeights", "float32", ["B", 1]),
    });
    const heads = headLosses(g, answer, { shape, models, weights: headWeights });
    return g.add(g.add(quality, strongWin), heads);
  };
}

function forward(g: Graph, shape: StrongWinShape, standardisation: Standardisation): Value {
  const { tableRows: rows, tableWidth: width } = shape;
  const hidden = g.relu(query(g, { rows, width }, standardisation));
  const to = answerWidth(shape);
  const weight = g.parameter("answer.weight", [width, to]);
  return g.add(g.matmul(hidden, weight), g.parameter("answer.bias", [to]));
}
