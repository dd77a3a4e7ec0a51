/**
 * Examples as the tensors of one training step.
 *
 * The lexical part is a dense matrix of samples by distinct table rows. A matrix product is then all that
 * the step needs, in both directions: no scatter, no race, the same on every device.
 */
import type { Corpus } from "./corpus.ts";
import type { Example } from "./examples.ts";

export interface Tensor {
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly dims: readonly number[];
}

export interface BatchSize {
  readonly models: number;
  readonly tasks: number;
}

export interface BatchWeights {
  /** By dataset, so that a large set does not drown a small one. */
  readonly datasetWeight: ReadonlyMap<string, number>;
  /** 1 or 0 for each example: whether its lexical branch is kept. */
  readonly keepLexical: readonly number[];
}

export function batchTensors(
  examples: readonly Example[],
  corpus: Corpus,
  { models, tasks, datasetWeight, keepLexical }: BatchSize & BatchWeights,
): Record<string, Tensor> {
  const B = examples.length;
  const scores = matrix(B, models);
  const scoreWeights = matrix(B, models);
  const tokens = matrix(B, models);
  const tokenWeights = matrix(B, models);
  const failures = matrix(B, 1);
  const rowWeights = matrix(B, 1);
  const taskLabels = matrix(B, tasks);
  const taskWeights = matrix(B, 1);
  examples.forEach((example, b) => {
    const setWeight = datasetWeight.get(example.dataset) ?? 1;
    const weight = setWeight * (example.weight ?? 1);
    for (const [m, score, share] of example.guesses ?? []) {
      scores.data[b * models + m] = score;
      scoreWeights.data[b * models + m] = setWeight * share;
    }
    for (const [m, score] of example.scores) {
      scores.data[b * models + m] = score;
      scoreWeights.data[b * models + m] = weight / example.scores.length;
    }
    for (const [m, logTokens] of example.logTokens) {
      tokens.data[b * models + m] = logTokens;
      tokenWeights.data[b * models + m] = setWeight / example.logTokens.length;
    }
    const mean = example.scores.reduce((sum, [, score]) => sum + score, 0) / example.scores.length;
    failures.data[b] = 1 - mean;
    rowWeights.data[b] = weight;
    if (example.task >= 0) {
      taskLabels.data[b * tasks + example.task] = 1;
      taskWeights.data[b] = setWeight;
    }
  });
  return {
    ...lexicalTensors(examples, corpus),
    statistics: statisticsTensor(examples),
    keepLexical: { data: Float32Array.from(keepLexical), dims: [B, 1] },
    scores,
    scoreWeights,
    tokens,
    tokenWeights,
    failures,
    rowWeights,
    tasks: taskLabels,
    taskWeights,
  };
}

/** `rowIds` [U] and `bag` [B, U]. Rows that are not known stay out. */
function lexicalTensors(
  examples: readonly Example[],
  { isKnown }: Corpus,
): { rowIds: Tensor; bag: Tensor } {
  const columnOf = new Int32Array(isKnown.length).fill(-1);
  const used: number[] = [];
  for (const { features } of examples)
    for (const id of features.ids)
      if (columnOf[id] === -1 && isKnown[id] === 1) {
        columnOf[id] = used.length;
        used.push(id);
      }
  if (used.length === 0) used.push(0); // An empty matrix is not multiplied by every backend.
  const bag = new Float32Array(examples.length * used.length);
  examples.forEach(({ features: { ids, weights } }, b) => {
    for (let i = 0; i < ids.length; i++) {
      const column = columnOf[ids[i]!]!;
      if (column >= 0) bag[b * used.length + column]! += weights[i]!;
    }
  });
  return {
    rowIds: { data: Int32Array.from(used), dims: [used.length] },
    bag: { data: bag, dims: [examples.length, used.length] },
  };
}

function statisticsTensor(examples: readonly Example[]): Tensor {
  const width = examples[0]?.features.statistics.length ?? 0;
  const data = new Float32Array(examples.length * width);
  examples.forEach(({ features }, b) => data.set(features.statistics, b * width));
  return { data, dims: [examples.length, width] };
}

function matrix(
  rows: number,
  columns: number,
): { data: Float32Array<ArrayBuffer>; dims: number[] } {
  return { data: new Float32Array(rows * columns), dims: [rows, columns] };
}
