/**
 * The stage that judges: every decision of the log's last part made again by the new weights and by the incumbent's, and
 * what that would have earned.
 *
 * What another choice would have been worth is known only where choices were drawn, so the gain is estimated over the
 * decisions of exploring tenants (evaluation/off-policy); a client that named its model leaves nothing to decide. Scores
 * are held against rewards over all decisions. Each router decides with what was learnt since it was trained: that is
 * the log's for the weights that served, and nothing for any others.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import type { Candidate, Decision, NoCandidate } from "../../worker/domain/decision.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import { propensitiesOf, type Propensities } from "../../worker/routing/explore.ts";
import { estimatePolicies, type OffPolicyEstimate } from "../evaluation/off-policy/estimate.ts";
import { offPolicyRows, type LoggedChoice } from "../evaluation/off-policy/rows.ts";
import type { JoinedDecision } from "../events/join.ts";
import { decideAgain } from "../replaying/again.ts";
import { UnknownWord } from "../replaying/logged-words.ts";
import type { Scoring } from "../replaying/scoring.ts";

/** A decision made again by both. */
export interface Rejudged {
  readonly record: DecisionRecord;
  readonly reward: JoinedDecision["reward"];
  /** Equal for equal prompts. */
  readonly prompt: string;
  readonly candidate: Opinion;
  readonly incumbent: Opinion;
}

/** What one router says of a prompt. */
export interface Opinion {
  readonly forecast: Forecast;
  /** The model that it prefers, before any draw. */
  readonly preferred: Candidate;
  readonly propensities: Propensities;
}

export interface Judges {
  readonly candidate: Scoring;
  readonly incumbent: Scoring;
  readonly catalog: readonly CatalogModel[];
}

/** Undefined for one that cannot be made again, or that left no choice. */
export async function rejudge(
  { record, reward }: JoinedDecision,
  prompt: string,
  judges: Judges,
): Promise<Rejudged | undefined> {
  if (record.pinned !== undefined) return undefined;
  const candidate = await opinionOf(record, judges.candidate, judges.catalog);
  const incumbent = await opinionOf(record, judges.incumbent, judges.catalog);
  if (candidate === undefined || incumbent === undefined) return undefined;
  return { record, reward, prompt, candidate, incumbent };
}

async function opinionOf(
  record: DecisionRecord,
  scoring: Scoring,
  catalog: readonly CatalogModel[],
): Promise<Opinion | undefined> {
  const read = await scoring.read(record);
  if (read === undefined) return undefined;
  const { exploration: _, ...still } = record.moment;
  const circumstances = {
    catalog,
    forecast: read.forecast,
    certificate: scoring.certificate,
    policy: record.policy,
    lifts: record.weights === scoring.label ? record.moment.lifts : {},
  };
  try {
    const decision = decideAgain(record, circumstances);
    const preferred = firstOf(decideAgain({ ...record, moment: still }, circumstances));
    if (!("reason" in decision) || preferred === undefined) return undefined;
    return { forecast: read.forecast, preferred, propensities: propensitiesOf(decision) };
  } catch (error) {
    if (error instanceof UnknownWord) return undefined;
    throw error;
  }
}

function firstOf({ attempts }: Decision | NoCandidate): Candidate | undefined {
  return attempts[0];
}

/** The estimates over all decisions that were drawn, and over each slice. */
export interface Estimates {
  readonly all: OffPolicyEstimate;
  readonly slices: readonly { readonly name: string; readonly estimate: OffPolicyEstimate }[];
}

export interface Estimating {
  readonly confidence: number;
  readonly seed: number;
  /** Rows that a slice has at least. */
  readonly sliceRows: number;
}

export function estimatesOf(
  decisions: readonly Rejudged[],
  { confidence, seed, sliceRows }: Estimating,
): Estimates {
  const drawn = decisions.filter(({ record }) => record.moment.exploration !== undefined);
  const found = offPolicyRows(drawn.map(choiceOf));
  const rows = drawn.map((one, i) => ({ one, row: found[i]! }));
  const slicesOf = slicer(drawn);
  const named = rows.flatMap(({ one, row }) => slicesOf(one).map((slice) => ({ ...row, slice })));
  const slices = [...Map.groupBy(named, ({ slice }) => slice)]
    .filter(([, own]) => own.length >= sliceRows)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sliceConfidence = 1 - (1 - confidence) / Math.max(slices.length, 1);
  return {
    all: estimatePolicies(
      rows.map(({ row }) => row),
      { confidence, seed },
    ),
    slices: slices.map(([name, own]) => ({
      name,
      estimate: estimatePolicies(own, { confidence: sliceConfidence, seed }),
    })),
  };
}

/** A reward belongs to the first attempt, whoever answered in its place. */
function choiceOf({ record, reward, prompt, candidate, incumbent }: Rejudged): LoggedChoice {
  return {
    chosen: record.decision.attempts[0]!,
    logged: new Map(Object.entries(record.decision.propensities)),
    target: candidate.propensities,
    incumbent: incumbent.propensities,
    scores: new Map(incumbent.forecast.models.map(({ id, score }) => [id, score])),
    reward,
    cluster: prompt,
    slice: "",
  };
}

/** One half for a model that the forecast does not know. */
export function scoreOf({ models }: Forecast, model: string): number {
  return models.find(({ id }) => id === model)?.score ?? 0.5;
}

/** Names the slices of a decision: its task, its tenant, and the third by length that it falls into. */
function slicer(decisions: readonly Rejudged[]): (one: Rejudged) => string[] {
  const lengths = decisions.map(({ record }) => record.inputTokens).toSorted((a, b) => a - b);
  const [short = 0, long = 0] = [1, 2].map((k) => lengths[Math.floor((k * lengths.length) / 3)]);
  return ({ record, incumbent }) => {
    const { inputTokens, tenant } = record;
    const third = inputTokens < short ? "short" : inputTokens < long ? "middling" : "long";
    return [`task ${incumbent.forecast.task}`, `tenant ${tenant}`, `${third} prompts`];
  };
}
