/**
 * Bandit: each model is a ridge regression of reward on the prompt's vector, so that what is learnt later
 * is one more row.
 *
 *     z = [1, q]     A_m = ridge · I + Σ z zᵀ     b_m = ridge · prior + Σ r z     mean_m = A_m⁻¹ b_m
 *
 * The graph answers q as the demand, and a released ability is the posterior mean of outcomes that were
 * replayed. `update` takes one more outcome in; outcomes in any order give the same state up to
 * rounding. `choose` explores by the inverse of the gap: a model that looks worse by g is drawn with a
 * probability of about 1/(γ g), so exploration costs little where the answer is clear. Every draw comes
 * with all propensities, without which no logged outcome could be weighed afterwards.
 *
 * Everything is a pure function of state, outcome and a random number. Keeping the state, and feeding it
 * from requests, is not done here: nothing in the worker calls `update` yet.
 *
 * Sources: Li et al. 1003.0146 (LinUCB); Foster and Rakhlin 2002.04926 (inverse gap weighting).
 */
import type { InferenceDefinition } from "../graph/compile.ts";
import { answerWidth, type AnswerShape } from "./answer.ts";
import { choleskyFactor, solveFactored, solveLower } from "./cholesky.ts";
import type { Standardisation } from "./mf.ts";
import { linearAnswer, query } from "./query.ts";

/** `abilityWidth` is D, columns of the table. */
export interface BanditShape extends AnswerShape {
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
}

/** Parameters: `table` [tableRows, D], `query.*`, `heads.weight` [D, answerWidth − D], `heads.bias`. */
export function banditDefinition(
  shape: BanditShape,
  standardisation: Standardisation,
): InferenceDefinition {
  const { tableRows: rows, abilityWidth: width } = shape;
  return (g) => {
    const q = query(g, { rows, width }, standardisation);
    g.output("answer", linearAnswer(g, q, { width, heads: answerWidth(shape) - width }));
  };
}

/** One model: A, row-major and symmetric, and b. */
export interface Arm {
  readonly precision: Float64Array;
  readonly weighted: Float64Array;
  /** Outcomes taken in. */
  readonly outcomes: number;
}

export interface BanditState {
  /** What is believed of a model before its first outcome. */
  readonly prior: Arm;
  readonly arms: ReadonlyMap<string, Arm>;
}

export interface Outcome {
  /** z, as long as the prior's mean. */
  readonly context: ArrayLike<number>;
  readonly model: string;
  /** 0..1 */
  readonly reward: number;
}

/** A state without outcomes. @param ridge Outcomes that the prior mean counts for, in each direction; above 0. */
export function initialBandit(mean: ArrayLike<number>, ridge: number): BanditState {
  const width = mean.length;
  const precision = new Float64Array(width * width);
  for (let i = 0; i < width; i++) precision[i * width + i] = ridge;
  const weighted = Float64Array.from(mean, (x) => ridge * x);
  return { prior: { precision, weighted, outcomes: 0 }, arms: new Map() };
}

/** The state after one more outcome; the old one is as it was. Throws for a context of another width. */
export function update(state: BanditState, outcome: Outcome): BanditState {
  const next = updateArm(armOf(state, outcome.model), outcome);
  return { ...state, arms: new Map(state.arms).set(outcome.model, next) };
}

/** As `update`, of one model alone. */
export function updateArm(arm: Arm, { context, reward }: Omit<Outcome, "model">): Arm {
  const width = arm.weighted.length;
  if (context.length !== width)
    throw new Error(`Cannot learn from a context of ${context.length} numbers, not ${width}`);
  const precision = arm.precision.slice();
  const weighted = arm.weighted.slice();
  for (let i = 0; i < width; i++) {
    weighted[i]! += reward * context[i]!;
    for (let j = 0; j < width; j++) precision[i * width + j]! += context[i]! * context[j]!;
  }
  return { precision, weighted, outcomes: arm.outcomes + 1 };
}

/** The posterior mean of a model's weights. */
export function meanOf({ precision, weighted }: Arm): Float64Array {
  return solveFactored(choleskyFactor(precision), weighted);
}

/** Expected reward, and √(zᵀ A⁻¹ z): how far it may be off, in deviations of one outcome. */
export function estimate(
  state: BanditState,
  { context, model }: Omit<Outcome, "reward">,
): { readonly mean: number; readonly deviation: number } {
  const { precision, weighted } = armOf(state, model);
  const factor = choleskyFactor(precision);
  const weights = solveFactored(factor, weighted);
  const mean = weights.reduce((sum, w, i) => sum + w * context[i]!, 0);
  return { mean, deviation: Math.hypot(...solveLower(factor, context)) };
}

function armOf({ prior, arms }: BanditState, model: string): Arm {
  return arms.get(model) ?? prior;
}

export interface Option {
  readonly model: string;
  /** What it is expected to be worth, on the scale of `sharpness`. */
  readonly value: number;
  readonly costUsd: number;
}

export interface Exploration {
  /** γ ≥ 0: the larger, the less is explored; 0 draws evenly. */
  readonly sharpness: number;
  /** Least propensity of every model that may be drawn; at most 1 over their number. */
  readonly floor: number;
  /** No dearer model is drawn. Where all are dearer, the cheapest is. */
  readonly maxCostUsd: number;
}

export interface Draw {
  readonly model: string;
  /** Of each option, in their order; they sum to 1, and are 0 for what is too dear. */
  readonly propensities: readonly number[];
}

/** Draws one of the options. @param unit Uniform in [0, 1). Throws where there is none. */
export function choose(options: readonly Option[], rules: Exploration, unit: number): Draw {
  if (options.length === 0) throw new Error("Cannot choose among no models");
  const propensities = propensitiesOf(options, rules);
  let left = unit;
  const drawn = propensities.findIndex((p) => (left -= p) < 0);
  // The sum may end a rounding below 1: then it is the last one that can be drawn.
  const index = drawn >= 0 ? drawn : propensities.findLastIndex((p) => p > 0);
  return { model: options[index]!.model, propensities };
}

function propensitiesOf(
  options: readonly Option[],
  { sharpness, floor, maxCostUsd }: Exploration,
): number[] {
  const cheapest = Math.min(...options.map(({ costUsd }) => costUsd));
  const limit = Math.max(maxCostUsd, cheapest);
  const open = [...options.keys()].filter((i) => options[i]!.costUsd <= limit);
  const best = open.reduce((a, b) => (options[b]!.value > options[a]!.value ? b : a));
  const least = Math.min(floor, 1 / open.length);
  const propensities = options.map(() => 0);
  let rest = 1;
  for (const i of open) {
    if (i === best) continue;
    const gap = options[best]!.value - options[i]!.value;
    const rare = 1 / (open.length + sharpness * gap);
    propensities[i] = least + (1 - open.length * least) * rare;
    rest -= propensities[i];
  }
  propensities[best] = rest;
  return propensities;
}
