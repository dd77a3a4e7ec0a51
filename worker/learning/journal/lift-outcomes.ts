/**
 * What a journal's rows teach of an exploring tenant's models: every answer whose prompt's demand was kept, with all that
 * has been said of it until now. The latest ones, since models change.
 */
import { unpackFloats } from "../../lib/packed-numbers.ts";
import type { LiftOutcome } from "../lifts/lift-table.ts";
import { observationOf } from "./observation-of.ts";
import type { JournalRows, KeptRow } from "./rows.ts";

/** Decisions that are learnt from; some megabytes of rows are read for them. */
const MAX_OUTCOMES = 5_000;
const PAGE = 250;

export function* liftOutcomes(rows: JournalRows): Generator<LiftOutcome> {
  let before = Infinity;
  for (let seen = 0; seen < MAX_OUTCOMES; seen += PAGE) {
    const page = rows.decisions(before, PAGE);
    for (const row of page) yield* outcomeOf(row, rows);
    if (page.length < PAGE) return;
    before = page.at(-1)!.number;
  }
}

function outcomeOf(row: KeptRow, rows: JournalRows): LiftOutcome[] {
  const { record } = row;
  if (record.kind !== "decision" || record.demand === undefined) return [];
  const known = rows.of(record.id, Number.MAX_SAFE_INTEGER);
  const told = observationOf(row, known);
  if (told?.model === undefined || told.model === null) return [];
  const { weights, model, score, reward } = told;
  return [{ weights, demand: unpackFloats(record.demand), model, score, reward }];
}
