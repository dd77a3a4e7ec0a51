/**
 * The fit for more rows than fit the memory.
 *
 * Which plan wins is asked of a sample in memory, by the same folds as a small set. The winner then
 * trains on all rows of the store. A few thousand rows were never put there: so many rows do not miss
 * them, and their logits by the very run that ships are what calibration is fitted on.
 */
import type { Example, Examples } from "./examples.ts";
import { fit, type Fit, type FitInput } from "./fit.ts";
import { groundOf } from "./ground.ts";
import { TrainingRun } from "./run.ts";

export interface StoredFitInput extends Omit<FitInput, "examples"> {
  readonly stored: Examples;
  /** Some of the stored rows. */
  readonly sample: readonly Example[];
  /** Rows that are not stored. */
  readonly heldOut: readonly Example[];
}

/** Deterministic for a seed as long as `hasTime` answers alike. Rejects when there is no row to learn or to hold out. */
export async function fitStored({
  stored,
  sample,
  heldOut,
  ...input
}: StoredFitInput): Promise<Fit> {
  if (heldOut.length === 0) throw new Error("Cannot train: no question can be held out");
  const chosen = await fit({ ...input, examples: sample });
  const { models, seed, runtime } = input;
  const { hyperparameters } = chosen;
  const { batchSize, epochs } = hyperparameters;
  const ground = groundOf(stored, hyperparameters, seed);
  const run = await TrainingRun.start({
    examples: stored,
    ground,
    models,
    hyperparameters,
    seed,
    runtime,
  });
  const total = epochs * Math.ceil(stored.length / batchSize);
  let done = 0;
  for (let epoch = 1; epoch <= epochs; epoch++)
    await run.epoch(() => input.onProgress(++done, total, `all rows, epoch ${epoch}/${epochs}`));
  const logits = await run.logits(heldOut);
  const parameters = await run.parameters();
  await run.release();
  return {
    ...chosen,
    parameters,
    corpus: ground,
    judged: [{ parameters, corpus: ground, unseen: heldOut }],
    heldOut: heldOut.map((example, i) => ({
      example,
      logits: logits.slice(i * models, (i + 1) * models),
    })),
  };
}
