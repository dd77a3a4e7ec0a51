/**
 * The books of a storm of events: what the journals have acknowledged and what the files have, and the files' costs
 * beside the vendor's bill, request by request, to the micro-dollar. Pure.
 *
 * A record that was acknowledged must be in the files, and nothing may be there twice. A request that was under way
 * when the worker was killed may have no event although its vendor bills it, and what was cut short has a price that
 * only its vendor knows. Both are listed; with them events and bill must be the same.
 */
import type { BillLine } from "../simulation/bill.ts";
import type { StormResult } from "./one-call.ts";

/** A record of a file, as far as it counts. */
export interface FiledRecord {
  readonly id: string;
  readonly kind: string;
  /** The same for the same record. */
  readonly identity: string;
  readonly costMicroUsd?: number;
  /** Whether that is an estimate: the answer was cut short, or its vendor did not count. */
  readonly isEstimated?: boolean;
}

/** A record that the worker has logged as acknowledged. */
export interface KeptLine {
  readonly requestId: string;
  readonly kind: string;
}

export interface EventFacts {
  readonly results: readonly StormResult[];
  readonly kept: readonly KeptLine[];
  readonly records: readonly FiledRecord[];
  readonly files: number;
  readonly lines: readonly BillLine[];
  /** Calls that the vendor has not ended, and lines that it has forgotten; 0, or there is nothing to compare. */
  readonly openCalls: number;
  readonly forgottenLines: number;
  /** Records that isolates have dropped, as they have logged it. */
  readonly dropped: number;
  /** Rows and files that the journals still had to write when nobody waited any longer. */
  readonly unwritten: number;
  /** Requests under way at each kill. */
  readonly kills: readonly number[];
}

/** A request whose event and bill differ. */
export interface PricedTwice {
  readonly requestId: string;
  readonly event: number;
  readonly billed: number;
}

export interface EventBooks {
  readonly requests: number;
  readonly answered: number;
  readonly broken: number;
  readonly failed: number;
  readonly decisions: number;
  readonly others: number;
  readonly acknowledged: number;
  /** Acknowledged and in no file. */
  readonly missing: readonly KeptLine[];
  /** Identities that are in the files more than once. */
  readonly twice: readonly string[];
  readonly equal: number;
  readonly different: readonly PricedTwice[];
  readonly cut: readonly PricedTwice[];
  /** Requests that are billed and have no event: their clients were answered, or saw the connection break. */
  readonly lost: readonly {
    readonly requestId: string;
    readonly wasAnswered: boolean;
    readonly billed: number;
  }[];
  readonly eventsMicroUsd: number;
  readonly billedMicroUsd: number;
  /** What cut answers and lost events add to the events' sum. */
  readonly explainedMicroUsd: number;
  readonly brokenLaws: readonly string[];
}

export function balanceEvents(facts: EventFacts): EventBooks {
  const { results, kept, records, lines } = facts;
  const identities = Map.groupBy(records, ({ identity }) => identity);
  const decisions = new Map(
    records.filter(({ kind }) => kind === "decision").map((record) => [record.id, record]),
  );
  const bills = new Map(
    [...Map.groupBy(lines, ({ requestId }) => requestId)].map(([id, own]) => [id, sumOf(own)]),
  );
  const filed = new Set(records.map(({ id, kind }) => `${id} ${kind}`));
  const pairs = [...decisions.values()].map(({ id, costMicroUsd = 0, isEstimated = false }) => ({
    requestId: id,
    event: costMicroUsd,
    billed: bills.get(id) ?? 0,
    isEstimated,
  }));
  const unequal = pairs.filter(({ event, billed }) => event !== billed);
  const answered = results.filter(({ ending }) => ending === "answered");
  const known = new Set(answered.map(({ requestId }) => requestId));
  const cut = unequal.filter(({ isEstimated }) => isEstimated);
  const lost = [...bills]
    .filter(([id]) => !decisions.has(id))
    .map(([requestId, billed]) => ({ requestId, wasAnswered: known.has(requestId), billed }));
  const found = {
    requests: results.length,
    answered: answered.length,
    broken: results.filter(({ ending }) => ending === "broken").length,
    failed: results.filter(({ ending }) => ending !== "answered" && ending !== "broken").length,
    decisions: decisions.size,
    others: records.length - decisions.size,
    acknowledged: kept.length,
    missing: kept.filter(({ requestId, kind }) => !filed.has(`${requestId} ${kind}`)),
    twice: [...identities].filter(([, own]) => own.length > 1).map(([identity]) => identity),
    equal: pairs.length - unequal.length,
    different: unequal.filter(({ isEstimated }) => !isEstimated),
    cut,
    lost,
    eventsMicroUsd: total(pairs.map(({ event }) => event)),
    billedMicroUsd: total([...bills.values()]),
    explainedMicroUsd:
      total(cut.map(({ event, billed }) => billed - event)) +
      total(lost.map(({ billed }) => billed)),
  };
  return { ...found, brokenLaws: lawsBroken(facts, found) };
}

function lawsBroken(facts: EventFacts, found: Omit<EventBooks, "brokenLaws">): string[] {
  const { kills, dropped, unwritten, openCalls, forgottenLines } = facts;
  const { lost, missing, twice, different, eventsMicroUsd, explainedMicroUsd } = found;
  const unexplained = found.billedMicroUsd - eventsMicroUsd - explainedMicroUsd;
  const unseen = lost.filter(({ wasAnswered }) => !wasAnswered);
  const laws: [isBroken: boolean, what: string][] = [
    [found.failed > 0, `${found.failed} requests failed`],
    [
      found.broken > total(kills),
      `${found.broken - total(kills)} connections broke without a kill`,
    ],
    [missing.length > 0, `${missing.length} acknowledged records are in no file`],
    [twice.length > 0, `${twice.length} records are in the files twice`],
    [different.length > 0, `${different.length} whole answers have two prices`],
    [lost.length > 0 && kills.length === 0, `${lost.length} events were lost without a kill`],
    [unseen.length > found.broken, `${unseen.length - found.broken} events of nobody were lost`],
    [unexplained !== 0, `${unexplained} µ$ between events and bill are not explained`],
    [dropped > 0, `${dropped} records were dropped`],
    [unwritten > 0, `${unwritten} rows or files were still to be written`],
    [openCalls > 0, `${openCalls} calls are still open at the vendor`],
    [forgottenLines > 0, `the vendor has forgotten ${forgottenLines} lines of its bill`],
    [found.acknowledged === 0, "no event was acknowledged"],
  ];
  return laws.flatMap(([isBroken, what]) => (isBroken ? [what] : []));
}

function sumOf(lines: readonly BillLine[]): number {
  return total(lines.map(({ microUsd }) => microUsd));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
