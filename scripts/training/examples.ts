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
}

/** Four characters to a token, where a source counts only characters. */
const CHARS_PER_TOKEN = 4;

/** `models` in the order of the label indices; `rows` of the table is a power of two. */
export function examplesOf(
  rows: readonly OutcomeRow[],
  { models, tableRows }: { models: readonly string[]; tableRows: number },
): Example[] {
  const indexOf = new Map(models.map((model, index) => [model, index]));
  return rows.map((row) => {
    const prompt = promptOfText(row.prompt);
    const task = taskOf(row.dataset, row.category);
    return {
      dataset: row.dataset,
      gid: row.gid,
      features: extractFeatures(prompt, tableRows),
      inputTokens: estimateInputTokens(prompt),
      scores: Object.entries(row.scores).map(([model, score]) => [indexOf.get(model)!, score]),
      logTokens: outputTokensOf(row).map(([model, tokens]) => [
        indexOf.get(model)!,
        Math.log(Math.max(tokens, 1)),
      ]),
      task: task === undefined ? -1 : TASKS.indexOf(task),
    };
  });
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
