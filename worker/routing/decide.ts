/**
 * Chooses: candidates and a policy in, an ordered list of attempts with its reason out.
 *
 *     utility = score − λ · cost / reference cost − μ · latency / reference latency
 *
 * Cost and latency are measured against the reference model's for the same prompt, so λ has a meaning
 * that does not depend on prices: the quality one would give up to save the whole reference call. A
 * preset is a pair (λ, μ). A quality floor is stronger than the preset: the cheapest model that keeps
 * `quality · score of the reference` wins. Either way the choice is a corner of the convex hull over
 * (cost, score); see hull.ts for why.
 *
 * Pure and total: the same input gives the same decision, ties go to the cheaper and then to the
 * lesser id. Service, replay, `score` and `eval` all call this one function.
 */
import type {
  Candidate,
  Decision,
  DecisionReason,
  Excluded,
  Exclusion,
  NoCandidate,
} from "../domain/decision.ts";
import type { Policy, Preset } from "../domain/policy.ts";
import { vendorOf } from "../domain/upstream.ts";
import { upperHull } from "./hull.ts";

/**
 * λ and μ of each preset: quality worth the reference's whole cost, and its whole latency. On the
 * shipped sets' training prompts, with headgate 1.0.0 and the catalogue of November 2026, `cost` keeps 94 %,
 * `balanced` 95 % and `quality` 99.6 % of the reference's predicted quality, at 1 %, 11 % and 93 % of its
 * predicted cost: sums over the rows of `npm run score -- --preset NAME --catalog …`. Predicted, not measured.
 */
const WEIGHTS: Record<Preset, { lambda: number; mu: number }> = {
  cost: { lambda: 0.2, mu: 0 },
  balanced: { lambda: 0.08, mu: 0 },
  quality: { lambda: 0.03, mu: 0 },
  fast: { lambda: 0.04, mu: 0.3 },
};

/** Each attempt may cost a client its patience; after four vendors the trouble is not the vendor. */
const MAX_ATTEMPTS = 4;

export interface DecideInput {
  /** Models that can serve the request; routing/candidates.ts finds them. */
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Excluded[];
  readonly policy: Policy;
}

export function decide({ candidates, excluded, policy }: DecideInput): Decision | NoCandidate {
  const reference = candidates.toSorted(byStanding)[0];
  const limited: Excluded[] = [];
  const within = candidates.filter((candidate) => {
    const why = beyondLimit(candidate, policy);
    if (why !== undefined) limited.push({ model: candidate.model, why });
    return why === undefined;
  });
  const allExcluded = [...excluded, ...limited];
  if (reference === undefined || within.length === 0)
    return { attempts: [], excluded: allExcluded };

  const { lambda, mu } = WEIGHTS[policy.preset];
  const utility = utilityAgainst(reference, { lambda, mu });
  const floor = policy.quality === undefined ? undefined : policy.quality * reference.score;
  const { chosen, reason } = choose(within, { utility, floor });
  const ranked = rank(within, { chosen, utility, floor });
  return {
    attempts: spreadOverVendors(ranked).slice(0, MAX_ATTEMPTS),
    reason,
    candidates: ranked,
    excluded: allExcluded,
    reference,
    ...(floor !== undefined && { floor }),
    lambda,
  };
}

type Utility = (candidate: Candidate) => number;

interface Aim {
  readonly utility: Utility;
  readonly floor: number | undefined;
}

function beyondLimit(candidate: Candidate, policy: Policy): Exclusion | undefined {
  const { max_cost_usd: maxCostUsd, max_latency_ms: maxLatencyMs } = policy;
  // The product may lie a hair under the whole micro-dollars that the client wrote.
  if (maxCostUsd !== undefined && candidate.costP90MicroUsd > maxCostUsd * 1e6 + 1e-6)
    return "too_expensive";
  if (maxLatencyMs !== undefined && candidate.latencyMs > maxLatencyMs) return "too_slow";
  return undefined;
}

function utilityAgainst(
  reference: Candidate,
  { lambda, mu }: { lambda: number; mu: number },
): Utility {
  const cost = Math.max(reference.costP50MicroUsd, 1);
  const latency = Math.max(reference.latencyMs, 1);
  return ({ score, costP50MicroUsd, latencyMs }) =>
    score - (lambda * costP50MicroUsd) / cost - (mu * latencyMs) / latency;
}

function choose(
  candidates: readonly Candidate[],
  { utility, floor }: Aim,
): { chosen: Candidate; reason: DecisionReason } {
  const points = candidates.toSorted(byCost);
  const corners = upperHull(
    points.map((candidate) => ({
      cost: candidate.costP50MicroUsd,
      quality: candidate.score,
      candidate,
    })),
  ).map(({ candidate }) => candidate);
  if (floor !== undefined) {
    const cheapest = corners.find(({ score }) => score >= floor); // Corners ascend in cost and score.
    if (cheapest !== undefined) return { chosen: cheapest, reason: "cheapest_above_floor" };
    return { chosen: corners.at(-1)!, reason: "floor_unreachable" };
  }
  const chosen = corners.reduce((best, corner) =>
    utility(corner) > utility(best) ? corner : best,
  );
  return { chosen, reason: candidates.length === 1 ? "only_candidate" : "best_utility" };
}

/** The chosen model, then those that keep the floor, each group by falling utility. */
function rank(
  candidates: readonly Candidate[],
  { chosen, utility, floor = -Infinity }: Partial<Aim> & { chosen: Candidate; utility: Utility },
): Candidate[] {
  const rest = candidates
    .filter((candidate) => candidate !== chosen)
    .toSorted(
      (a, b) =>
        Number(b.score >= floor) - Number(a.score >= floor) ||
        utility(b) - utility(a) ||
        byCost(a, b),
    );
  return [chosen, ...rest];
}

/** A vendor that fails often fails for all its models: the first fallback is another vendor's best. */
function spreadOverVendors(ranked: readonly Candidate[]): Candidate[] {
  const [first, ...rest] = ranked;
  if (first === undefined) return [];
  const other = rest.find(({ model }) => vendorOf(model) !== vendorOf(first.model));
  if (other === undefined) return [...ranked];
  return [first, other, ...rest.filter((candidate) => candidate !== other)];
}

function byStanding(a: Candidate, b: Candidate): number {
  return b.standing - a.standing || byCost(a, b);
}

function byCost(a: Candidate, b: Candidate): number {
  return a.costP50MicroUsd - b.costP50MicroUsd || (a.model < b.model ? -1 : 1);
}
