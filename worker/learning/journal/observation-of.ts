import type { DecisionRecord } from "../../domain/event.ts";
import type { Observation } from "../../domain/observation.ts";
/**
 * What the watch is told of a request when one of a journal's rows is about it: the request's numbers, and what its
 * answer was worth by all that was known up to that row. So the same row tells the same, whenever it is read.
 */
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
  const { moment, decision, outcome, policy, inputTokens } = record;
  const { reason, attempts, reference, isCertified = false } = decision;
  const chosen = attempts[0]!;
  const answered = outcome.model ?? chosen;
  const candidates = new Map(decision.candidates.map((entry) => [entry.model, entry]));
  const scoreOf = (model: string): number | undefined => {
    const score = candidates.get(model)?.score;
    return score === undefined ? undefined : score - (moment.lifts[model] ?? 0);
  };
  const score = scoreOf(answered) ?? scoreOf(chosen) ?? decision.candidates[0]!.score;
  return {
    tenant,
    id,
    atMs,
    weights,
    ...(trial !== undefined && { trial }),
    reason,
    chosen,
    model: outcome.model,
    score,
    // Of a named model the others are not considered.
    referenceScore: scoreOf(reference) ?? score,
    lift: moment.lifts[answered] ?? 0,
    ...(policy.quality !== undefined && { quality: policy.quality }),
    isCertified,
    ending: outcome.ending,
    costMicroUsd: outcome.costMicroUsd,
    savedMicroUsd: outcome.savedMicroUsd,
    expectedMicroUsd: candidates.get(answered)?.costP50MicroUsd ?? 0,
    inputTokens: outcome.inputTokens || inputTokens,
    outputTokens: outcome.outputTokens,
    durationMs: outcome.durationMs,
    ...(outcome.ttftMs !== undefined && { ttftMs: outcome.ttftMs }),
    difficulty,
    task,
    deciles,
    ...(novelty !== undefined && { novelty }),
  };
}
