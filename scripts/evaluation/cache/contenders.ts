/**
 * Who is compared: the similarities, the rules, and which two of them a deployment runs that changes nothing.
 */
import { BOUND } from "./bound.ts";
import { ALWAYS, NEVER, PLUG_IN, thresholdRule, type Rule } from "./rules.ts";
import {
  always,
  idfCosine,
  jaccard,
  randomSimilarity,
  trigrams,
  type Similarity,
  type Vocabulary,
} from "./similarity.ts";

/** What ships: a similarity and a rule, behind the guards. */
export const DEFAULT = { similarity: "head", rule: "bound" } as const;

/** Of what is served at all, as a table has them. */
export const THRESHOLDS = [0.8, 0.9, 0.95, 0.99] as const;

/** What may serve, for texts with such words: the learnt head, and the ones that it has to beat. */
export function similarities(head: Similarity, words: Vocabulary): Similarity[] {
  return [head, jaccard, trigrams, idfCosine(words)];
}

/** What a similarity has to beat. */
export function controls(seed: number): Similarity[] {
  return [randomSimilarity(seed), always];
}

/** Rules that learn from what turned out right. */
export const ADAPTIVE: readonly Rule[] = [PLUG_IN, BOUND];

/** A rule, and whether guards are asked before it. */
export interface Gate {
  readonly rule: Rule;
  readonly guarded: boolean;
}

/** For the pairs of a set, in a random order. A threshold needs none, so these are the rules that learn. */
export const PAIR_GATES: readonly Gate[] = ADAPTIVE.map((rule) => ({ rule, guarded: true }));

/** What ships, for other budgets than the one that does. */
export const DEFAULT_GATES: readonly Gate[] = PAIR_GATES.filter(
  ({ rule }) => rule.name === DEFAULT.rule,
);

/** Those budgets. Where a set's labels leave no room under the one that ships, these show that a promise is kept. */
export const BUDGETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3] as const;

/** On pairs these do the same under every similarity. */
export const CONTROL_GATES: readonly Gate[] = [
  { rule: NEVER, guarded: true },
  { rule: ALWAYS, guarded: false },
  { rule: ALWAYS, guarded: true },
];

/** For a stream of questions. */
export const STREAM_GATES: readonly Gate[] = [
  ...[false, true].flatMap((guarded) =>
    THRESHOLDS.map((threshold) => ({ rule: thresholdRule(threshold), guarded })),
  ),
  { rule: ALWAYS, guarded: true },
  ...PAIR_GATES,
];
