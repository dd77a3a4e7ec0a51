/**
 * A logged decision beside the one that was made again: every number to the last bit, every list in its order.
 *
 * Both are written as the log writes them and walked field by field. −0 and 0 are one number, since JSON has only one.
 */
import type { Forecast, Reading } from "../../router-models/scorer.ts";
import type { Decision, NoCandidate } from "../../worker/domain/decision.ts";
import type { DecisionRecord } from "../../worker/domain/event.ts";
import { isRecord } from "../../worker/lib/json.ts";
import { propensitiesOf } from "../../worker/routing/explore.ts";

export interface Difference {
  /** Such as `decision.candidates.0.score`. */
  readonly field: string;
  readonly logged: unknown;
  readonly again: unknown;
}

/** What was made again of a record. */
export interface MadeAgain {
  readonly decision: Decision | NoCandidate;
  /** Undefined where the logged scores stood in for it. */
  readonly read: { readonly forecast: Forecast; readonly reading: Reading } | undefined;
}

/** All fields that differ, in the record's order; none where the decisions are equal. */
export function differencesOf(record: DecisionRecord, { decision, read }: MadeAgain): Difference[] {
  const differences: Difference[] = [];
  walk(loggedFields(record, read !== undefined), againFields(record, { decision, read }), {
    field: "",
    differences,
  });
  return differences;
}

/** The reference of a named model was found among all others, which are not logged. */
function hidesReference({ pinned }: DecisionRecord, isRead: boolean): boolean {
  return pinned !== undefined && !isRead;
}

function loggedFields(record: DecisionRecord, isRead: boolean): Record<string, unknown> {
  const { decision, difficulty, task, deciles, novelty } = record;
  const { reference, ...rest } = decision;
  return {
    ...(isRead && { difficulty, task, deciles, ...(novelty !== undefined && { novelty }) }),
    decision: hidesReference(record, isRead) ? rest : { ...rest, reference },
  };
}

function againFields(
  record: DecisionRecord,
  { decision, read }: MadeAgain,
): Record<string, unknown> {
  if (!("reason" in decision)) return { decision: { attempts: [], excluded: decision.excluded } };
  const { reason, attempts, candidates, beyond, excluded, reference, floor, assurance, lambda } =
    decision;
  const { deciles = "", novelty } = read?.reading ?? {};
  return {
    ...(read !== undefined && {
      difficulty: read.forecast.difficulty,
      task: read.forecast.task,
      deciles,
      ...(novelty !== undefined && { novelty }),
    }),
    decision: {
      reason,
      attempts: attempts.map(({ model }) => model),
      candidates,
      ...(beyond !== undefined && { beyond }),
      excluded,
      ...(floor !== undefined && { floor }),
      ...(assurance !== undefined && { isCertified: assurance.doubt === undefined }),
      lambda,
      propensities: Object.fromEntries(propensitiesOf(decision)),
      ...(!hidesReference(record, read !== undefined) && { reference: reference.model }),
    },
  };
}

interface Walk {
  readonly field: string;
  readonly differences: Difference[];
}

function walk(logged: unknown, again: unknown, { field, differences }: Walk): void {
  const [before, after] = [entriesOf(logged), entriesOf(again)];
  if (before === undefined || after === undefined) {
    if (logged !== again) differences.push({ field, logged, again });
    return;
  }
  for (const name of new Set([...before.keys(), ...after.keys()]))
    walk(before.get(name), after.get(name), {
      field: field === "" ? name : `${field}.${name}`,
      differences,
    });
}

/** Undefined for what has no parts. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value))
    return new Map(value.map((item: unknown, at) => [String(at), item] as const));
  return isRecord(value) ? new Map(Object.entries(value)) : undefined;
}
