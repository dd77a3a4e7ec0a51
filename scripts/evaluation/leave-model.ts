/**
 * Leave-model-out: how well a router deals with models that it has never seen.
 *
 * The models are dealt into folds. For each fold a router is trained on the training rows without any
 * score of the fold's models; then each of them is placed in many ways and judged on the valid rows
 * (model-trial.ts), and what the models went through becomes one table (leave-model-summary.ts).
 *
 * Valid rows are never trained on, probed or quoted. Training is the caller's: this file knows no fit.
 */
import { randomFrom, shuffle } from "../../worker/lib/prng.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { demandsOf } from "../onboarding/demand.ts";
import { summariseModels, type ModelTrial, type Summary } from "./leave-model-summary.ts";
import { having, tryModel, type FoldRouter } from "./model-trial.ts";

export interface LeaveModelInput {
  /** Rows of one set, both splits. */
  readonly rows: readonly OutcomeRow[];
  /** Trains on these rows, all of them training rows; called once for each fold. */
  readonly train: (rows: readonly OutcomeRow[], fold: number) => Promise<FoldRouter>;
  readonly folds: number;
  /** Draws of probes, and of misquotes, that are averaged for each model. */
  readonly draws: number;
  readonly seed: number;
  readonly resamples: number;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

export interface LeaveModelReport extends Summary {
  readonly dataset: string;
  readonly folds: number;
  /** Models placed. */
  readonly models: readonly string[];
  /** Models with too few rows to be judged; they take part in every training. */
  readonly leftOut: readonly string[];
  readonly validRows: number;
}

/** Fewer rows than this say too little of a model to judge its place. */
const LEAST_TRAIN_ROWS = 200;
const LEAST_VALID_ROWS = 50;

/** Rejects where the set has fewer than two models with enough rows in each fold's training, or none to place. */
export async function leaveModelOut(input: LeaveModelInput): Promise<LeaveModelReport> {
  const { rows, folds, seed, onProgress } = input;
  const train = rows.filter(({ split }) => split === "train");
  const valid = rows.filter(({ split }) => split === "valid");
  const names = [...new Set(train.flatMap(({ scores }) => Object.keys(scores)))].toSorted();
  const placed = names.filter(
    (model) =>
      having(train, model).length >= LEAST_TRAIN_ROWS &&
      having(valid, model).length >= LEAST_VALID_ROWS,
  );
  if (placed.length < 2 * folds)
    throw new Error(
      `Leave-model-out in ${folds} folds wants ${2 * folds} models with at least ` +
        `${LEAST_TRAIN_ROWS} train and ${LEAST_VALID_ROWS} valid rows; there are ${placed.length}`,
    );
  const dealt = shuffle([...placed], randomFrom(seed));
  const trials: ModelTrial[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const held = new Set(dealt.filter((_, i) => i % folds === fold));
    onProgress?.(trials.length, placed.length, `fold ${fold + 1}/${folds}: training`);
    const router = await input.train(without(train, held), fold);
    const prompts = [...train, ...valid];
    const demands = await demandsOf(
      prompts.map(({ prompt }) => prompt),
      router,
    );
    const demandOf = new Map(prompts.map((row, i) => [row, demands[i]!]));
    for (const model of held) {
      trials.push(tryModel(model, { ...input, train, valid, demandOf, router }));
      onProgress?.(trials.length, placed.length, `fold ${fold + 1}/${folds}: ${model}`);
    }
  }
  return {
    dataset: rows[0]!.dataset,
    folds,
    models: placed,
    leftOut: names.filter((model) => !placed.includes(model)),
    validRows: valid.length,
    ...summariseModels(trials, input),
  };
}

/** The rows as they would be had nobody asked the held models; rows that nobody else answered are gone. */
function without(rows: readonly OutcomeRow[], held: ReadonlySet<string>): OutcomeRow[] {
  function strip(map: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(map).filter(([model]) => !held.has(model)));
  }
  return rows
    .map((row) => ({
      ...row,
      scores: strip(row.scores),
      ...(row.cost_usd && { cost_usd: strip(row.cost_usd) }),
      ...(row.in_tokens && { in_tokens: strip(row.in_tokens) }),
      ...(row.out_tokens && { out_tokens: strip(row.out_tokens) }),
      ...(row.out_chars && { out_chars: strip(row.out_chars) }),
      ...(row.latency_s && { latency_s: strip(row.latency_s) }),
    }))
    .filter(({ scores }) => Object.keys(scores).length > 0);
}
