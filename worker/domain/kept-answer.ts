/**
 * An answer that is kept to be given again: the vocabulary between the use case that gives answers and whoever keeps
 * them.
 *
 * It is what the vendor said, in the form in which it came, so that a stream can be given again as the same stream;
 * with who said it, and what it cost then and would have cost.
 */
import { z } from "zod";

/** Where an answer comes from, whoever gives it now. */
export const originSchema = z.strictObject({
  /** `provider/model` */
  model: z.string(),
  /** Predicted when it was chosen, 0 to 1. */
  score: z.number(),
  /** Label of the weights that chose it. */
  weights: z.string(),
  /** The rule that chose it. */
  reason: z.string(),
  /** Tokens of the prompt, estimated. */
  inputTokens: z.int().nonnegative(),
});
export type Origin = z.output<typeof originSchema>;

export const keptAnswerSchema = z.strictObject({
  content: z.discriminatedUnion("kind", [
    /** The vendor's body, JSON. */
    z.strictObject({ kind: z.literal("completion"), text: z.string() }),
    /** The data of its events, in order, `[DONE]` as the last of them where it was sent. */
    z.strictObject({ kind: z.literal("stream"), chunks: z.array(z.string()) }),
  ]),
  origin: originSchema,
  costMicroUsd: z.int().nonnegative(),
  /** What the reference model would have cost, estimated. */
  referenceMicroUsd: z.int().nonnegative(),
});
export type KeptAnswer = z.output<typeof keptAnswerSchema>;
