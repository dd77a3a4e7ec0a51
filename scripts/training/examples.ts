/**
 * Outcome rows as training examples: features, and every label the losses read.
 *
 * Features do not depend on the training set, so they are extracted once for all folds. Rows that ask
 * the same question (equal gid) in several sets stay apart, because their metrics differ; a split never
 * tears them apart, because it goes by gid.
 */
import {
  extractFeatures,
  estimateInputTokens,
  type Features,
} from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { TASKS, taskOf } from "../dataset/tasks.ts";

export interface Example {
  readonly dataset: string;
  readonly gid: string;
  readonly features: Features;
  readonly inputTokens: number;
  /** Model index and quality in [0, 1], in pairs. */
  readonly scores: readonly (readonly [model: number, score: number])[];
  /** Model index and ln(output tokens). */
  readonly logTokens: readonly (readonly [model: number, logTokens: number])[];
  /** Index into TASKS, -1 where unknown. */
  readonly task: number;
  /** How much the row's labels count; 1 unless given. */
  readonly weight?: number;
  /** What another router predicts of models that were not asked, and how much that counts beside a label. */
  readonly guesses?: readonly Guess[];
}

export type Guess = readonly [model: number, score: number, weight: number];

/** Examples in a fixed order: an array, or a store on disk. */
export interface Examples extends Iterable<Example> {
  readonly length: number;
  at(index: number): Example | undefined;
}

/** Four characters to a token, where a source counts only characters. */
const CHARS_PER_TOKEN = 4;

export interface ExampleShape {
  /** Index of each model's labels. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
}

/** One row as an example. Throws for a model without an index. */
export function exampleOf(row: OutcomeRow, { indexOf, tableRows }: ExampleShape): Example {
  function at(model: string): number {
    const index = indexOf.get(model);
    if (index === undefined) throw new Error(`${row.id}: no model is known as "${model}"`);
    return index;
  }
  const prompt = promptOfText(row.prompt);
  const task = taskOf(row.dataset, row.category);
  return {
    dataset: row.dataset,
    gid: row.gid,
    features: extractFeatures(prompt, tableRows),
    inputTokens: estimateInputTokens(prompt),
    scores: Object.entries(row.scores).map(([model, score]) => [at(model), score]),
    logTokens: outputTokensOf(row).map(([model, tokens]) => [
      at(model),
      Math.log(Math.max(tokens, 1)),
    ]),
    task: task === undefined ? -1 : TASKS.indexOf(task),
  };
}

/** `models` in the order of the label indices. */
export function examplesOf(
  rows: readonly OutcomeRow[],
  { models, tableRows }: { models: readonly string[]; tableRows: number },
): Example[] {
  const indexOf = new Map(models.map((model, index) => [model, index]));
  return rows.map((row) => exampleOf(row, { indexOf, tableRows }));
}

/** Output tokens by model, counted or estimated from characters; only for models that have a score. */
export function outputTokensOf(row: OutcomeRow): [model: string, tokens: number][] {
  return Object.keys(row.scores).flatMap((model): [string, number][] => {
    const tokens = row.out_tokens?.[model];
    if (tokens !== undefined) return [[model, tokens]];
    const chars = row.out_chars?.[model];
    return chars === undefined ? [] : [[model, chars / CHARS_PER_TOKEN]];
  });
}

/** Every model that any row names, by name: label indices must not depend on the order of files. */
export function modelsOf(rows: readonly OutcomeRow[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row.scores)))].toSorted();
}
