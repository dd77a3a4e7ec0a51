/**
 * A decision and what it was worth, as an example to learn from.
 *
 * One model answered, so one label is known. It counts by how much was said of it: a person's word ten times as much as
 * nobody's complaint. Of the other candidates the incumbent's own predictions stand beside it as guesses of little
 * weight, so that a few new labels move what they speak of and leave the rest where it was.
 */
import { createHash } from "node:crypto";
import {
  extractFeatures,
  FEATURE_VERSION,
  type Features,
} from "../../router-models/features/extract.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import { unpackFloats, unpackInts } from "../../worker/lib/packed-numbers.ts";
import { TASKS } from "../dataset/tasks.ts";
import type { JoinedDecision } from "../events/join.ts";
import type { Example, Guess } from "../training/examples.ts";

/** The set that logged decisions make. */
export const EVENTS = "events";

/** Of the mean weight of a label, the most that one may have. */
const MOST_WEIGHT = 5;

/**
 * What the router reads of the prompt, over a table of `rows` rows. Undefined where the log has neither that nor the
 * prompt, or numbers that cannot be features.
 */
export function loggedFeatures(
  { features, prompt }: Pick<DecisionRecord, "features" | "prompt">,
  rows: number,
): Features | undefined {
  if (features?.tableRows !== rows || features.version !== FEATURE_VERSION)
    return prompt && extractFeatures(prompt, rows);
  try {
    const ids = unpackInts(features.ids);
    const weights = unpackFloats(features.weights);
    const statistics = unpackFloats(features.statistics);
    const isSound =
      ids.length === weights.length &&
      ids.every((id) => id >= 0 && id < rows) &&
      statistics.length === STATISTICS.length &&
      [...weights, ...statistics].every(Number.isFinite);
    return isSound ? { ids, weights, statistics } : undefined;
  } catch {
    return undefined;
  }
}

/** Equal for equal features, whoever asked: 16 hexadecimal digits. */
export function promptKey({ ids, weights, statistics }: Features): string {
  const hash = createHash("sha256").update(ids).update(weights).update(statistics);
  return hash.digest("hex").slice(0, 16);
}

export interface LessonOptions {
  /** Place of each model's labels. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Mean weight of a reward, which becomes 1. */
  readonly meanWeight: number;
  /** What all guesses of a row count together, beside a mean label; 0 for none. */
  readonly guessWeight: number;
  /** Whether the task that the incumbent took the prompt for is a label: where nothing else says what tasks are. */
  readonly keepsTask: boolean;
}

/** Undefined where nobody has answered. @param forecast The incumbent's. */
export function lessonOf(
  { record, reward }: JoinedDecision,
  { features, forecast }: { features: Features; forecast: Forecast | undefined },
  options: LessonOptions,
): Example | undefined {
  const { model, outputTokens, isEstimated, ending } = record.outcome;
  const { indexOf, meanWeight, keepsTask } = options;
  const index = model === null ? undefined : indexOf.get(model);
  if (index === undefined) return undefined;
  const hasLength = !isEstimated && ending === "complete" && outputTokens > 0;
  const guesses = guessesOf(record, forecast, options);
  return {
    dataset: EVENTS,
    gid: promptKey(features),
    features,
    inputTokens: record.inputTokens,
    scores: [[index, reward.value]],
    logTokens: hasLength ? [[index, Math.log(outputTokens)]] : [],
    task: keepsTask ? TASKS.findIndex((task) => task === record.task) : -1,
    weight: Math.min(reward.weight / meanWeight, MOST_WEIGHT),
    ...(guesses.length > 0 && { guesses }),
  };
}

function guessesOf(
  { decision, outcome }: DecisionRecord,
  forecast: Forecast | undefined,
  { indexOf, guessWeight }: LessonOptions,
): Guess[] {
  if (forecast === undefined || guessWeight === 0) return [];
  const considered = new Set(decision.candidates.map(({ model }) => model));
  const guessed = forecast.models.filter(
    ({ id }) => id !== outcome.model && considered.has(id) && indexOf.has(id),
  );
  return guessed.map(({ id, score }) => [indexOf.get(id)!, score, guessWeight / guessed.length]);
}
