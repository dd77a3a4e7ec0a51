/**
 * What an answer was worth, as one number with a weight: everything that was said of it and everything that it told
 * itself, by weights that are stated here and nowhere else.
 *
 * Somebody's word counts most, a judge's half of it. What the answer or its client gave away counts as a word of 0 with
 * the weight below. Of an answer that nobody complained of, its silence counts as a word of 1 with a small weight,
 * for all models alike: else only complaints would be heard, and a model that is asked often would look bad. A word
 * that was said takes silence's place.
 */
import type { Signal } from "./event.ts";

/** A mean of words, and how much they weigh together; 1 is one person's word. */
export interface Reward {
  /** 0 to 1. */
  readonly value: number;
  /** Above 0. */
  readonly weight: number;
}

/** Sources of feedback that are not people or tests. */
const SOURCE_WEIGHTS: Readonly<Record<string, number>> = { judge: 0.5 };
const WORD_WEIGHT = 1;

/** How much of a word of 0 each signal is. */
export const SIGNAL_WEIGHTS: Readonly<Record<Signal, number>> = {
  failed: 1,
  broken_form: 1,
  broken_tool_call: 1,
  refused: 0.5,
  truncated: 0.3,
  retried: 0.3,
  hung_up: 0.2,
};

/** A word of 1 that nobody said. */
const SILENCE_WEIGHT = 0.1;

/** @param words By source, the latest word of each, 0 to 1. */
export function rewardOf(
  signals: ReadonlySet<Signal>,
  words: ReadonlyMap<string, number> = new Map(),
): Reward {
  let [sum, weight] = [0, 0];
  for (const [source, score] of words) {
    const own = Object.hasOwn(SOURCE_WEIGHTS, source) ? SOURCE_WEIGHTS[source]! : WORD_WEIGHT;
    sum += own * score;
    weight += own;
  }
  for (const signal of signals) weight += SIGNAL_WEIGHTS[signal];
  return weight === 0 ? { value: 1, weight: SILENCE_WEIGHT } : { value: sum / weight, weight };
}
