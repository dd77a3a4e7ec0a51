/**
 * The hyper-parameters that training starts from; plans and small sets change some of them (fit.ts).
 */
import { TASKS } from "../dataset/tasks.ts";
import type { Hyperparameters } from "./run.ts";

/** Chosen on rows left out of the training rows of the shipped sets; see LOG.md. */
export const SETTINGS: Omit<Hyperparameters, "shape"> = {
  batchSize: 128,
  rate: 4e-3,
  epochs: 12,
  tableRate: 1,
  tableDamping: 1e-3,
  abilityRate: 5,
  groupRate: 5,
  tableDecay: 0.3,
  groupDecay: 0.3,
  denseDecay: 0.6,
  abilityDecay: 0.02,
  lexicalDropout: 0.3,
  minDocuments: 3,
  contrastWeight: 4,
  headWeights: { difficulty: 0.1, task: 0.1, length: 0.1 },
  datasetExponent: 0.6,
  abilitySpread: 0.3,
  wordSpread: 0.35,
  groupSharpness: 20,
  clipNorm: 5,
};

/** A few hundred prompts fill a small table; one with more rows than grams only takes time. */
export function shapeFor(trainingRows: number): Hyperparameters["shape"] {
  const bits = Math.min(Math.max(Math.ceil(Math.log2(4 * trainingRows)), 12), 15);
  return {
    tableRows: 1 << bits,
    tableWidth: 48,
    hiddenWidth: 64,
    groups: Math.min(Math.max(2 ** Math.floor(Math.log2(trainingRows / 16)), 4), 256),
    abilityWidth: 16,
    tasks: TASKS.length,
  };
}
