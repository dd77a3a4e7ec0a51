/**
 * Now and then another model than the preferred one, so that there is something to learn from.
 *
 * Who only ever asks the model that looks best learns nothing of the others, also when these have become better. An
 * exploring tenant's first attempt is drawn: a model that looks worse by g is drawn with a probability of about
 * 1 / (γ g), none of those that may be tried with less than a floor, and none that is expected to cost more than so many
 * times the preferred one. What may be tried has passed every filter of the decision, and its quality floor where there
 * is one. The preferred model stays the next attempt.
 *
 * Every draw names all propensities, without which no logged outcome could be weighed afterwards. The draw's
 * number comes from outside, so that it can be logged and made again.
 *
 * Source: Foster and Rakhlin 2002.04926 (families/bandit.ts).
 */
import { choose } from "../../router-models/families/bandit.ts";
import type { Candidate, Decision } from "../domain/decision.ts";
import type { Exploration } from "../domain/event.ts";
import type { Policy } from "../domain/policy.ts";
import { utilityOf } from "./decide.ts";

/** How likely each candidate was to be the first attempt; they sum to 1. */
export type Propensities = ReadonlyMap<string, number>;

/** A tenant's terms, and the draw's number. */
export interface Draw extends Exploration {
  /** Uniform in [0, 1). */
  readonly unit: number;
}

/** The decision after a draw. */
export function explore(
  decision: Decision,
  { sharpness, floor, max_cost_ratio: ratio, unit, policy }: Draw & { readonly policy: Policy },
): Decision & { readonly propensities: Propensities } {
  const preferred = decision.attempts[0]!;
  const open = decision.candidates.filter((candidate) => mayBeTried(candidate, decision));
  const utility = utilityOf(decision, policy);
  const options = open.map((candidate) => ({
    model: candidate.model,
    // A floor or a named model is preferred for another reason than utility: nothing looks better than it.
    value: Math.min(utility(candidate), utility(preferred)),
    costUsd: candidate.costP50MicroUsd / 1e6,
  }));
  const maxCostUsd = (Math.max(preferred.costP50MicroUsd, 1) * ratio) / 1e6;
  const { model: chosen, propensities: all } = choose(
    options,
    { sharpness, floor, maxCostUsd },
    unit,
  );
  const drawn = open.find(({ model }) => model === chosen)!;
  const propensities = new Map(all.map((p, i) => [open[i]!.model, p]));
  if (drawn === preferred) return { ...decision, propensities };
  const rest = decision.attempts.filter((attempt) => attempt !== drawn);
  const attempts = [drawn, ...rest].slice(0, Math.max(decision.attempts.length, 2));
  return { ...decision, attempts, reason: "explored", propensities };
}

/** The preferred model comes first, so that of equal ones it is the best. */
function mayBeTried(candidate: Candidate, { attempts, floor, reference }: Decision): boolean {
  if (candidate === attempts[0] || floor === undefined) return true;
  return candidate.score >= floor || candidate.model === reference.model;
}

/** Those of a decision for which nothing was drawn. */
export function propensitiesOf(decision: Decision): Propensities {
  return decision.propensities ?? new Map([[decision.attempts[0]!.model, 1]]);
}
