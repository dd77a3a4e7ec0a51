/**
 * What a router made of a logged request, or would make of it: whom it prefers, whom it would ask first and how
 * likely, what it expects of each model.
 *
 * Lifts are what was learnt beyond certain weights, so they are the record's where the weights are its own, and none with
 * other weights. All else of the moment stays.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import type { Candidate, Decision, NoCandidate } from "../../worker/domain/decision.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import { policySchema, type Policy } from "../../worker/domain/policy.ts";
import { propensitiesOf } from "../../worker/routing/explore.ts";
import { lifted } from "../../worker/routing/lift.ts";
import { allCandidatesOf, decideAgain } from "./again.ts";
import type { Scoring } from "./scoring.ts";

export interface Outlook {
  /** Before any draw; undefined where no model can serve. */
  readonly preferred: string | undefined;
  /** By model, how likely it is asked first. */
  readonly draws: ReadonlyMap<string, number>;
  /** By model: those that passed the filters. */
  readonly candidates: ReadonlyMap<string, Candidate>;
  /** By model: expected quality, of at least the candidates. */
  readonly scores: ReadonlyMap<string, number>;
}

/** Weights and knobs to decide with. */
export interface Alternative {
  /** Undefined for each record's own. */
  readonly scoring: Scoring | undefined;
  /** Take the places of the record's. */
  readonly knobs: Readonly<Record<string, unknown>>;
}

/** As it was served. */
export function loggedOutlook(record: DecisionRecord): Outlook {
  const candidates = byModel(allCandidatesOf(record));
  return {
    // Neither a draw nor a budget's refusal changes who stands first.
    preferred: record.decision.candidates[0]?.model,
    draws: new Map(Object.entries(record.decision.propensities)),
    candidates,
    scores: scoresOf(candidates.values()),
  };
}

/** Under another policy or other weights; undefined where the record does not hold what these read. */
export async function outlookUnder(
  record: DecisionRecord,
  { scoring, knobs }: { scoring: Scoring; knobs: Alternative["knobs"] },
  catalog: { readonly models: readonly CatalogModel[]; readonly digest: string },
): Promise<Outlook | undefined> {
  const isOwn = scoring.id === record.release || scoring.label === record.weights;
  const lifts = isOwn ? record.moment.lifts : {};
  const read = await scoring.read(record);
  if (read === undefined && !(isOwn && catalog.digest === record.catalog)) return undefined;
  const decision = decideAgain(record, {
    catalog: catalog.models,
    forecast: read?.forecast,
    certificate: scoring.certificate,
    policy: policyWith(record.policy, knobs),
    lifts,
  });
  const scores =
    read === undefined
      ? scoresOf(allCandidatesOf(record))
      : forecastScores(lifted(read.forecast, new Map(Object.entries(lifts))));
  return outlookOf(decision, scores);
}

function outlookOf(decision: Decision | NoCandidate, scores: Outlook["scores"]): Outlook {
  if (!("reason" in decision))
    return { preferred: undefined, draws: new Map(), candidates: new Map(), scores };
  return {
    preferred: decision.candidates[0]?.model,
    draws: propensitiesOf(decision),
    candidates: byModel([...decision.candidates, ...(decision.beyond ?? [])]),
    scores,
  };
}

function forecastScores({ models }: Forecast): Map<string, number> {
  return new Map(models.map(({ id, score }) => [id, score]));
}

/** Throws a ZodError for knobs that there are not. */
export function policyWith(policy: Policy, knobs: Alternative["knobs"]): Policy {
  return policySchema.parse({ ...policy, ...knobs });
}

function byModel(candidates: readonly Candidate[]): Map<string, Candidate> {
  return new Map(candidates.map((one) => [one.model, one]));
}

function scoresOf(
  models: Iterable<{ readonly model: string; readonly score: number }>,
): Map<string, number> {
  return new Map(Array.from(models, ({ model, score }) => [model, score]));
}
