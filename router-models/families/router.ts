/**
 * The router that ships: `mf` with the classifier heads, as the two definitions that graph/compile.ts
 * turns into an inference model and a training step. Both call the same forward part.
 *
 * Tensor names here are the contract with scorer.ts (inference) and scripts/training (batches).
 */
import type { InferenceDefinition, LossDefinition } from "../graph/compile.ts";
import { binaryCrossEntropy, crossEntropy, pinball } from "../graph/losses.ts";
import { heads } from "./classifier.ts";
import { forward, type MfShape, type Standardisation } from "./mf.ts";

export interface RouterShape extends MfShape {
  readonly tasks: number;
}

/** How much the losses of the heads count beside the quality loss, which counts 1. */
export interface HeadWeights {
  readonly difficulty: number;
  readonly task: number;
  readonly length: number;
}

/** Reads and answers the tensors of scorer.ts's GraphFeeds and GraphOutputs. */
export function inferenceDefinition(
  shape: RouterShape,
  standardisation: Standardisation,
): InferenceDefinition {
  return (g) => {
    const abilities = g.input("abilities", "float32", ["M", 1 + shape.abilityWidth]);
    const { hidden, logits } = forward(g, shape, { abilities, standardisation });
    const width = shape.tableWidth + shape.hiddenWidth;
    const head = heads(g, hidden, { width, tasks: shape.tasks });
    g.output("logits", logits);
    g.output("difficulty", g.sigmoid(head.difficultyLogit));
    g.output("task", g.softmax(head.taskLogits));
    g.output("logTokens", g.concat([head.logTokensP50, head.logTokensP90], 1));
  };
}

/**
 * The loss of a batch. Labels and weights: `scores`, `scoreWeights`, `tokens`, `tokenWeights` [B, M];
 * `failures`, `rowWeights`, `taskWeights` [B, 1]; `tasks` [B, tasks]. Puts out `logits` [B, M] as well.
 */
export function lossDefinition(
  shape: RouterShape,
  standardisation: Standardisation,
  { models, headWeights }: { models: number; headWeights: HeadWeights },
): LossDefinition {
  return (g) => {
    const abilities = g.parameter("abilities", [models, 1 + shape.abilityWidth]);
    const { hidden, logits } = forward(g, shape, { abilities, standardisation });
    const width = shape.tableWidth + shape.hiddenWidth;
    const head = heads(g, hidden, { width, tasks: shape.tasks });
    g.output("logits", logits);

    const quality = binaryCrossEntropy(g, logits, {
      labels: g.input("scores", "float32", ["B", models]),
      weights: g.input("scoreWeights", "float32", ["B", models]),
    });
    const difficulty = binaryCrossEntropy(g, head.difficultyLogit, {
      labels: g.input("failures", "float32", ["B", 1]),
      weights: g.input("rowWeights", "float32", ["B", 1]),
    });
    const task = crossEntropy(g, head.taskLogits, {
      labels: g.input("tasks", "float32", ["B", shape.tasks]),
      weights: g.input("taskWeights", "float32", ["B", 1]),
    });
    const offsets = g.parameter("tokenOffsets", [models]);
    const lengths = {
      labels: g.input("tokens", "float32", ["B", models]),
      weights: g.input("tokenWeights", "float32", ["B", models]),
    };
    const p50 = pinball(g, g.add(head.logTokensP50, offsets), { ...lengths, level: 0.5 });
    const p90 = pinball(g, g.add(head.logTokensP90, offsets), { ...lengths, level: 0.9 });
    const weighted = [
      g.scale(difficulty, headWeights.difficulty),
      g.scale(task, headWeights.task),
      g.scale(g.add(p50, p90), headWeights.length),
    ];
    return weighted.reduce((sum, loss) => g.add(sum, loss), quality);
  };
}
