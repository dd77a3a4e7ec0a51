/**
 * What the watch is told of a request when one of a journal's rows is about it: the request's numbers, and what its
 * answer was worth by all that was known up to that row. So the same row tells the same, whenever it is read.
 */
import type { DecisionRecord } from "../../domain/event.ts";
import type { Observation } from "../../domain/observation.ts";
import { rewardOf } from "../../domain/reward.ts";
import type { KeptRow } from "./rows.ts";

/**
 * Undefined where the request's decision is not known: without it there is nothing to hold words against.
 * @param known All rows of that request up to `row`, itself among them, in order.
 */
export function observationOf(row: KeptRow, known: readonly KeptRow[]): Observation | undefined {
  const decision = known.map(({ record }) => record).find((record) => record.kind === "decision");
  if (decision === undefined) return undefined;
  const signals = new Set(decision.outcome.signals);
  const words = new Map<string, { score: number; atMs: number }>();
  for (const { record } of known) {
    if (record.kind === "signal") signals.add(record.signal);
    if (record.kind !== "feedback") continue;
    const { source, score, atMs } = record;
    if (atMs >= (words.get(source)?.atMs ?? 0)) words.set(source, { score, atMs });
  }
  const scores = new Map([...words].map(([source, { score }]) => [source, score]));
  return {
    ...numbersOf(decision),
    number: row.number,
    isFirst: row.record.kind === "decision",
    signals: [...signals],
    reward: rewardOf(signals, scores),
    isSpoken: words.size > 0,
  };
}

type Told = "number" | "isFirst" | "signals" | "reward" | "isSpoken";

function numbersOf(record: DecisionRecord): Omit<Observation, Told> {
  const { tenant, id, atMs, weights, trial, difficulty, task, deciles, novelty } = record;
  const { decision, outcome, policy } = record;
  const { reason, attempts, isCertified = false } = decision;
  const chosen = attempts[0]!;
  const answered = outcome.model ?? chosen;
  return {
    tenant,
    id,
    atMs,
    weights,
    ...(trial !== undefined && { trial }),
    reason,
    chosen,
    model: outcome.model,
    ...forecastOf(record, answered),
    ...(policy.quality !== undefined && { quality: policy.quality }),
    isCertified,
    ending: outcome.ending,
    costMicroUsd: outcome.costMicroUsd,
    savedMicroUsd: outcome.savedMicroUsd,
    inputTokens: outcome.inputTokens,
    outputTokens: outcome.outputTokens,
    durationMs: outcome.durationMs,
    ...(outcome.ttftMs !== undefined && { ttftMs: outcome.ttftMs }),
    difficulty,
    task,
    deciles,
    ...(novelty !== undefined && { novelty }),
  };
}

type Foreseen = "score" | "referenceScore" | "lift" | "expectedMicroUsd";

/** Of whoever answered. */
function forecastOf(record: DecisionRecord, model: string): Pick<Observation, Foreseen> {
  const { moment, decision } = record;
  const score = predicted(record, model) ?? 0;
  return {
    score,
    // Of a named model the others are not considered.
    referenceScore: predicted(record, decision.reference) ?? score,
    lift: moment.lifts[model] ?? 0,
    expectedMicroUsd: candidateOf(record, model)?.costP50MicroUsd ?? 0,
  };
}

/** By the weights alone, before what was learnt since. */
function predicted(record: DecisionRecord, model: string): number | undefined {
  const candidate = candidateOf(record, model);
  return candidate && candidate.score - (record.moment.lifts[model] ?? 0);
}

function candidateOf({ decision }: DecisionRecord, model: string) {
  return decision.candidates.find((candidate) => candidate.model === model);
}
