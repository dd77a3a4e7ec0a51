/**
 * Chooses: candidates and a policy in, an ordered list of attempts with its reason out.
 *
 *     utility = score − λ · cost / reference cost − μ · latency / reference latency
 *
 * Cost and latency are measured against the reference model's for the same prompt, so λ has a meaning
 * that does not depend on prices: the quality one would give up to save the whole reference call. A
 * preset is a pair (λ, μ). A quality floor is stronger than the preset: the cheapest model that keeps it
 * wins. What keeps it is told by a certificate's margin over the reference's score, where the release has
 * one that is as strict and was made of these very models; certificate.ts says what that proves. Without
 * one it is `quality · score of the reference`, a prediction, and the reason says so. A certificate of
 * other models still tells how far such scores can be believed: it may tighten that prediction, never
 * loosen it.
 *
 * The choice is a corner of the convex hull over (cost, score), see hull.ts for why; or the reference,
 * where a certificate asks for a margin: what it keeps of itself needs no prediction.
 *
 * Where a budget is paced (pace.ts), money has one price for all prompts, in score per dollar, and takes the
 * place of the preset's λ. λ is then that price times the reference's cost; μ and floors stay as they are. A price is
 * right for the mean request; so that a single one cannot take the last of the money, what it may hold is bounded too.
 *
 * Pure and total: the same input gives the same decision, ties go to the cheaper and then to the
 * lesser id. Service, replay, `score` and `eval` all call this one function.
 */
import { covers, floorFor } from "../../router-models/certificate.ts";
import type { Certificate } from "../../router-models/manifest.ts";
import type {
  Assurance,
  Candidate,
  Decision,
  DecisionReason,
  Excluded,
  Exclusion,
  NoCandidate,
} from "../domain/decision.ts";
import { exceedsUsd } from "../domain/money.ts";
import type { Policy, Preset } from "../domain/policy.ts";
import { vendorOf } from "../domain/upstream.ts";
import { upperHull, type Point } from "./hull.ts";

/**
 * λ and μ of each preset: quality worth the reference's whole cost, and its whole latency. On the
 * shipped sets' training prompts, with headgate 1.0.0 and the catalogue of November 2026, `cost` keeps 94 %,
 * `balanced` 96 % and `quality` 99.4 % of the reference's predicted quality, at 3 %, 19 % and 87 % of its
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
  /** Of the release that made the scores, if it has one. */
  readonly certificate?: Certificate | undefined;
  /** The prompt's likeliest task, for certificates that are made per task. */
  readonly task?: string | undefined;
  /** What a paced budget says a dollar is worth, in score, 0 at least: replaces the preset's λ. */
  readonly qualityPerUsd?: number | undefined;
  /** What it lets one request hold, in micro-dollars. */
  readonly mostMicroUsd?: number | undefined;
  /** Score by which a quality floor is raised, 0 to 1: what it rests on may have drifted. 0 unless given. */
  readonly caution?: number | undefined;
}

export function decide(input: DecideInput): Decision | NoCandidate {
  const { candidates, policy, qualityPerUsd, mostMicroUsd } = input;
  const reference = candidates.toSorted(byStanding)[0];
  const { within, beyond, excluded: allExcluded } = withinLimits(input);
  if (reference === undefined || within.length === 0)
    return { attempts: [], excluded: allExcluded };

  const { lambda: presetLambda, mu } = WEIGHTS[policy.preset];
  const lambda =
    qualityPerUsd === undefined ? presetLambda : (qualityPerUsd * scaleOf(reference).cost) / 1e6;
  const utility = utilityAgainst(reference, { lambda, mu });
  const floor = floorOf(input, { reference, within });
  const { chosen, reason } = choose(within, { utility, floor });
  const ranked = rank(within, { chosen, utility, floor });
  return {
    attempts: spreadOverVendors(ranked).slice(0, MAX_ATTEMPTS),
    reason,
    candidates: ranked,
    ...(beyond.length > 0 && { beyond }),
    excluded: allExcluded,
    reference,
    ...(floor !== undefined && { floor: floor.score, assurance: floor.assurance }),
    lambda,
    ...(qualityPerUsd !== undefined && { qualityPerUsd }),
    ...(mostMicroUsd !== undefined && { mostMicroUsd }),
  };
}

/**
 * What the decision could have been, had money another price: cost in micro-dollars and worth, both ascending.
 * One point where the price of money has no say.
 */
export function offersOf(decision: Decision, { preset }: Pick<Policy, "preset">): Point[] {
  const { attempts, candidates, reason, reference } = decision;
  const worth = utilityAgainst(reference, { lambda: 0, mu: WEIGHTS[preset].mu });
  const open = reason === "best_utility" ? cornersOf(candidates) : attempts.slice(0, 1);
  return upperHull(open.map((one) => ({ cost: one.costP50MicroUsd, quality: worth(one) })));
}

/** The utility by which a decision was made; preferences of time are the policy's. */
export function utilityOf(
  { reference, lambda }: Pick<Decision, "reference" | "lambda">,
  { preset }: Pick<Policy, "preset">,
): Utility {
  return utilityAgainst(reference, { lambda, mu: WEIGHTS[preset].mu });
}

type Utility = (candidate: Candidate) => number;

interface Floor {
  /** What keeps the floor has at least this score. */
  readonly score: number;
  /** Keeps the floor whatever its score. */
  readonly reference: Candidate;
  readonly assurance: Assurance;
}

interface Aim {
  readonly utility: Utility;
  readonly floor: Floor | undefined;
}

function floorOf(
  { policy: { quality }, certificate, task, caution = 0 }: DecideInput,
  { reference, within }: { reference: Candidate; within: readonly Candidate[] },
): Floor | undefined {
  if (quality === undefined) return undefined;
  const predicted = quality * reference.score + caution;
  const proof = certificate && floorFor(certificate, { quality, task });
  if (certificate === undefined || proof === undefined)
    return { score: predicted, reference, assurance: { doubt: "no_certificate" } };
  const proven = reference.score + proof.margin + caution;
  const models = within.map(({ model }) => model);
  return covers(certificate, { reference: reference.model, models })
    ? { score: proven, reference, assurance: { proof } }
    : {
        score: Math.max(proven, predicted),
        reference,
        assurance: { doubt: "other_models", proof },
      };
}

/** The candidates that keep the policy's limits, and a paced budget's where any of them does. */
function withinLimits({ candidates, excluded, policy, mostMicroUsd = Infinity }: DecideInput) {
  const whys = new Map(candidates.map((candidate) => [candidate, beyondLimit(candidate, policy)]));
  const kept = candidates.filter((candidate) => whys.get(candidate) === undefined);
  const held = kept.filter(({ costP90MicroUsd }) => costP90MicroUsd <= mostMicroUsd);
  // A quality floor is stronger than a budget's pace.
  const within = held.length === 0 || policy.quality !== undefined ? kept : held;
  const beyond = candidates.filter((candidate) => !within.includes(candidate));
  const limited = beyond.map((candidate): Excluded => {
    return { model: candidate.model, why: whys.get(candidate) ?? "too_expensive" };
  });
  return { within, beyond, excluded: [...excluded, ...limited] };
}

function beyondLimit(candidate: Candidate, policy: Policy): Exclusion | undefined {
  const { max_cost_usd: maxCostUsd, max_latency_ms: maxLatencyMs } = policy;
  if (maxCostUsd !== undefined && exceedsUsd(candidate.costP90MicroUsd, maxCostUsd))
    return "too_expensive";
  if (maxLatencyMs !== undefined && candidate.latencyP90Ms > maxLatencyMs) return "too_slow";
  return undefined;
}

function utilityAgainst(
  reference: Candidate,
  { lambda, mu }: { lambda: number; mu: number },
): Utility {
  const { cost, latency } = scaleOf(reference);
  return ({ score, costP50MicroUsd, latencyMs }) =>
    score - (lambda * costP50MicroUsd) / cost - (mu * latencyMs) / latency;
}

function scaleOf(reference: Candidate): { cost: number; latency: number } {
  return {
    cost: Math.max(reference.costP50MicroUsd, 1),
    latency: Math.max(reference.latencyMs, 1),
  };
}

/** By ascending cost. */
function cornersOf(candidates: readonly Candidate[]): Candidate[] {
  const points = candidates.toSorted(byCost);
  return upperHull(
    points.map((candidate) => ({
      cost: candidate.costP50MicroUsd,
      quality: candidate.score,
      candidate,
    })),
  ).map(({ candidate }) => candidate);
}

function choose(
  candidates: readonly Candidate[],
  { utility, floor }: Aim,
): { chosen: Candidate; reason: DecisionReason } {
  const corners = cornersOf(candidates);
  if (floor !== undefined) {
    const keepers = corners.filter(({ score }) => score >= floor.score);
    if (floor.assurance.proof !== undefined && candidates.includes(floor.reference))
      keepers.push(floor.reference);
    const cheapest = keepers.toSorted(byCost)[0];
    if (cheapest === undefined) return { chosen: corners.at(-1)!, reason: "floor_unreachable" };
    const isCertified = floor.assurance.doubt === undefined;
    return { chosen: cheapest, reason: isCertified ? "certified_floor" : "cheapest_above_floor" };
  }
  const chosen = corners.reduce((best, corner) =>
    utility(corner) > utility(best) ? corner : best,
  );
  return { chosen, reason: candidates.length === 1 ? "only_candidate" : "best_utility" };
}

/** The chosen model, then those that keep the floor, each group by falling utility. */
function rank(
  candidates: readonly Candidate[],
  { chosen, utility, floor }: Aim & { chosen: Candidate },
): Candidate[] {
  function keepsFloor(candidate: Candidate): boolean {
    return floor === undefined || candidate === floor.reference || candidate.score >= floor.score;
  }
  const rest = candidates
    .filter((candidate) => candidate !== chosen)
    .toSorted(
      (a, b) =>
        Number(keepsFloor(b)) - Number(keepsFloor(a)) || utility(b) - utility(a) || byCost(a, b),
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
