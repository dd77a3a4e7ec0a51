/**
 * What a tenant's own traffic says against the router's scores, model by model: the bandit of families/bandit.ts, on
 * what is left when the score is taken from the reward.
 *
 *     reward − score ≈ z · w_m     z = [1, a(x)], the prompt's demand
 *
 * Before its first outcome a model's w is 0, the router as it was trained. A reward of weight w counts as w of an
 * outcome. The state is made anew of all outcomes that are at hand, never added to: so what is said late or
 * twice counts once, and what is forgotten counts no more. A demand means something under one release alone, so each
 * release has arms of its own.
 *
 * Source: Li et al. 1003.0146 (LinUCB's regression).
 */
import { z } from "zod";
import {
  initialBandit,
  meanOf,
  updateArm,
  type Arm,
} from "../../../router-models/families/bandit.ts";

/** Outcomes that a model's score counts for, in each direction. */
const RIDGE = 20;
/** The most that a score is moved by. */
export const MAX_LIFT = 0.5;

/** By label of weights and by model: w, 1 + abilityWidth numbers. */
export const liftTableSchema = z.record(z.string(), z.record(z.string(), z.array(z.number())));
export type LiftTable = z.output<typeof liftTableSchema>;

/** An answer that was given, and what it was worth. */
export interface LiftOutcome {
  /** Label of the weights that scored. */
  readonly weights: string;
  /** a(x) under these weights. */
  readonly demand: Float32Array;
  readonly model: string;
  /** Before any lift, 0 to 1. */
  readonly score: number;
  readonly reward: { readonly value: number; readonly weight: number };
}

export function learnLifts(outcomes: Iterable<LiftOutcome>): LiftTable {
  const arms = new Map<string, Map<string, Arm>>();
  for (const { weights, demand, model, score, reward } of outcomes) {
    const own = arms.get(weights) ?? new Map<string, Arm>();
    arms.set(weights, own);
    const half = Math.sqrt(reward.weight);
    const context = contextOf(demand).map((x) => half * x);
    const before = own.get(model) ?? initialBandit(new Float64Array(context.length), RIDGE).prior;
    if (before.weighted.length !== context.length) continue; // Another release under the same label.
    own.set(model, updateArm(before, { context, reward: half * (reward.value - score) }));
  }
  return Object.fromEntries(
    [...arms].map(([weights, own]) => [
      weights,
      Object.fromEntries([...own].map(([model, arm]) => [model, Array.from(meanOf(arm))])),
    ]),
  );
}

/** What a table says of a prompt: by model, −MAX_LIFT to MAX_LIFT. */
export function liftsAt(
  table: LiftTable,
  { weights, demand }: { weights: string; demand: ArrayLike<number> },
): Map<string, number> {
  const own = Object.hasOwn(table, weights) ? table[weights]! : {};
  const context = contextOf(demand);
  const lifts = new Map<string, number>();
  for (const [model, means] of Object.entries(own)) {
    if (means.length !== context.length) continue;
    const lift = means.reduce((sum, mean, i) => sum + mean * context[i]!, 0);
    lifts.set(model, Math.min(Math.max(lift, -MAX_LIFT), MAX_LIFT));
  }
  return lifts;
}

function contextOf(demand: ArrayLike<number>): number[] {
  return [1, ...Array.from(demand)];
}
