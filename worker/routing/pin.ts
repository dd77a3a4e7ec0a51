/**
 * The decision for a model that the client has named: it is the only attempt, within the request's limits. The
 * reference stays the best that could have served, because savings are stated against it.
 */
import type { Candidate, Decision, Excluded, NoCandidate } from "../domain/decision.ts";
import { policySchema, type Policy } from "../domain/policy.ts";
import { decide } from "./decide.ts";

/** Policy that limits nothing: what is the reference model among these candidates? */
const OPEN = policySchema.parse({});

export function pin(
  model: string,
  input: {
    readonly candidates: readonly Candidate[];
    readonly excluded: readonly Excluded[];
    readonly policy: Policy;
  },
): Decision | NoCandidate {
  const { candidates, excluded, policy } = input;
  const why = excluded.find((entry) => entry.model === model);
  if (why !== undefined) return { attempts: [], excluded: [why] };
  const { quality: _, ...limits } = policy; // A floor chooses among models, and here is no choice.
  const own = candidates.filter((candidate) => candidate.model === model);
  const alone = decide({ candidates: own, excluded, policy: limits });
  if (!("reason" in alone))
    return { ...alone, excluded: alone.excluded.filter((entry) => entry.model === model) };
  const { reference } = { ...alone, ...decide({ candidates, excluded, policy: OPEN }) };
  return { ...alone, reason: "pinned", reference };
}
