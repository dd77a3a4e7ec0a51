/**
 * The router that ships: `mf` with the classifier heads, as the two definitions that graph/compile.ts
 * turns into an inference model and a training step. Both call the same forward part.
 *
 * Tensor names here are the contract with scorer.ts (inference) and scripts/training (batches).
 */
import type { InferenceDefinition, LossDefinition } from "../graph/compile.ts";
import { binaryCrossEntropy, contrastError } from "../graph/losses.ts";
import { headLosses, type HeadWeights } from "./classifier.ts";
import { forward, logitsOf, type MfShape, type Standardisation } from "./mf.ts";

/** Reads the tensors of scorer.ts's GraphFeeds and puts out `answer` [1, answerWidth]; see answer.ts. */
export function inferenceDefinition(
  shape: MfShape,
  standardisation: Standardisation,
): InferenceDefinition {
  return (g) => g.output("answer", forward(g, shape, standardisation));
}

export interface LossOptions {
  readonly models: number;
  readonly contrastWeight: number;
  readonly headWeights: HeadWeights;
}

/**
 * The loss of a batch: cross-entropy of `scores` with `scoreWeights` [B, M], `contrastWeight` times the
 * error in the differences between a row's models, by which alone a model is chosen, and the heads' losses
 * (classifier.ts names their labels). Puts out `logits` [B, M] as well.
 */
export function lossDefinition(
  shape: MfShape,
  standardisation: Standardisation,
  { models, contrastWeight, headWeights }: LossOptions,
): LossDefinition {
  return (g) => {
    const abilities = g.parameter("abilities", [models, 1 + shape.abilityWidth]);
    const answer = forward(g, shape, standardisation);
    const logits = logitsOf(g, answer, { abilities, shape });
    g.output("logits", logits);
    const labelled = {
      labels: g.input("scores", "float32", ["B", models]),
      weights: g.input("scoreWeights", "float32", ["B", models]),
    };
    const quality = g.add(
      binaryCrossEntropy(g, logits, labelled),
      g.scale(contrastError(g, logits, labelled), contrastWeight),
    );
    return g.add(quality, headLosses(g, answer, { shape, models, weights: headWeights }));
  };
}
