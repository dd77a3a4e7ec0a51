/**
 * The books of a storm: what its clients were told, what the ledger has, and what the vendor bills, held against one
 * another to the micro-dollar. Pure.
 *
 * A whole answer must be on all three with the same price. An answer that was cut, by its budget or by a killed
 * worker, or that followed upon one that broke, has a price that only its vendor knows: the service books its own count
 * of what it has read, the vendor bills what it had written by the time it noticed. Those are listed one by one, and
 * together they must be all that is between ledger and bill. When the operator has settled them by the bill, nothing may
 * be. Where vendors fail, what they bill for that is with nobody's answer or beside one, so only the last of these is
 * left to compare.
 */
import type { BillLine } from "../simulation/bill.ts";
import type { StormEnding, StormResult } from "./one-call.ts";
import type { Standing, UnbilledCall } from "./operator.ts";

/** All in micro-dollars. */
export interface StormFacts {
  readonly limit: number;
  readonly results: readonly StormResult[];
  /** What spent the rest, and at last, one at a time, up to the first that was refused. */
  readonly last: readonly StormResult[];
  readonly lines: readonly BillLine[];
  /** Whether vendors were made to fail. */
  readonly isFaulty: boolean;
  /** Calls that the vendor has not ended; 0, or there is nothing to compare. */
  readonly openCalls: number;
  /** What was then settled by the bill, as it was booked before. */
  readonly unbilled: readonly UnbilledCall[];
  /** When everything was settled, and when all that was cut was settled again, by the bill. */
  readonly ledger: Standing;
  readonly reconciled: Standing;
  /** What is beside the ledger in the output of the worker: settlements that were given up. */
  readonly lostSettlements: number;
  /** Where the worker was killed. */
  readonly kill?: KillFacts;
}

export interface KillFacts {
  /** A moment before the kill, and as the next worker found it. */
  readonly before: Standing;
  readonly after: Standing;
  /** What clients had been told by then that they paid. */
  readonly paidBefore: number;
  /** When all leases had ended. */
  readonly lapsed: Standing;
  readonly holds: readonly UnbilledCall[];
}

/** An answer whose price client and vendor see differently. */
export interface CutAnswer {
  readonly requestId: string;
  /** The vendor's lines in words. */
  readonly billedFor: string;
  readonly paid: number;
  readonly billed: number;
}

export interface Books {
  readonly counts: Readonly<Record<StormEnding, number>>;
  readonly billed: number;
  /** Ledger and bill above the limit; 0 where they are not. */
  readonly overspent: number;
  readonly billedOver: number;
  /**
   * All that may be above it: what the last reads of stopped answers brought, what their vendors count beyond ours, and
   * what answers of a killed worker had grown to beyond their holds.
   */
  readonly bound: number;
  readonly falseRefusals: number;
  /** What was left when the last request was refused, and what that asked for. */
  readonly left: number;
  readonly lastAsked: number;
  /** Whole answers with the same price on both sides, and those with another. */
  readonly equal: number;
  readonly different: readonly CutAnswer[];
  readonly cut: readonly CutAnswer[];
  /** Ledger less bill, how much of it cut answers explain, and what is left of it once they are settled by the bill. */
  readonly difference: number;
  readonly explained: number;
  readonly unreconciled: number;
  /** Lapsed holds that the vendor has billed more for than was held, and how much more in all. */
  readonly outgrown: number;
  readonly outgrownBy: number;
  readonly broken: readonly string[];
}

/** Output dollars of a million tokens, by model. */
export type OutputRates = ReadonlyMap<string, number>;

export function balance(facts: StormFacts, rates: OutputRates): Books {
  const { results, last, lines, ledger, limit, kill } = facts;
  const all = [...results, ...last];
  const bills = Map.groupBy(lines, ({ requestId }) => requestId);
  const billed = sum(lines.map(({ microUsd }) => microUsd));
  const unbilled = new Set(facts.unbilled.map(({ requestId }) => requestId));
  const pairs = pairsOf(all, bills, unbilled);
  const cut = pairs.filter(({ isCut }) => isCut);
  const whole = pairs.filter(({ isCut }) => !isCut);
  const refusals = all.flatMap(({ refusal }) => refusal ?? []);
  const stopped = all.filter(({ ending }) => ending === "stopped");
  const beyond = sum(cut.map(({ paid, billed: owed }) => Math.max(owed - paid, 0)));
  const holds = kill?.holds ?? [];
  // What a killed worker had not read yet could outgrow its hold: no one was there to ask for more.
  const excesses = holds
    .map(({ requestId, microUsd }) => owedFor(bills.get(requestId)) - microUsd)
    .filter((excess) => excess > 0);
  const found = {
    counts: countsOf(all),
    billed,
    overspent: Math.max(ledger.spent - limit, 0),
    billedOver: Math.max(billed - limit, 0),
    bound: sum(stopped.map((result) => lastReadMicroUsd(result, rates))) + beyond + sum(excesses),
    falseRefusals: refusals.filter(({ asksMicroUsd, leftMicroUsd }) => asksMicroUsd <= leftMicroUsd)
      .length,
    left: limit - ledger.spent,
    lastAsked: last.at(-1)?.refusal?.asksMicroUsd ?? 0,
    equal: whole.filter(({ paid, billed: owed }) => paid === owed).length,
    different: whole.filter(({ paid, billed: owed }) => paid !== owed),
    cut,
    difference: ledger.spent - billed,
    explained: sum(cut.map(({ paid, billed: owed }) => paid - owed)),
    unreconciled: facts.reconciled.spent - billed,
    outgrown: excesses.length,
    outgrownBy: sum(excesses),
  };
  return { ...found, broken: brokenLaws(facts, found) };
}

/** Every answer that a client was given a price for, beside what its vendor bills for it. */
function pairsOf(
  results: readonly StormResult[],
  bills: ReadonlyMap<string, readonly BillLine[]>,
  unbilled: ReadonlySet<string>,
): (CutAnswer & { readonly isCut: boolean })[] {
  return results.flatMap(({ requestId, costMicroUsd: paid }) => {
    if (requestId === undefined || paid === undefined) return [];
    const lines = bills.get(requestId) ?? [];
    const isCut = unbilled.has(requestId);
    const billedFor = lines.map(lineInWords).join(" and ") || "no call at all";
    return [{ requestId, isCut, billedFor, paid, billed: owedFor(lines) }];
  });
}

function lineInWords({ model, ending, inputTokens, outputTokens }: BillLine): string {
  return `${model}, ${inputTokens} and ${outputTokens} tokens, ${ENDINGS[ending]}`;
}

const ENDINGS = { whole: "whole", left: "hung up on", fault: "broken off" } as const;

function owedFor(lines: readonly BillLine[] = []): number {
  return sum(lines.map(({ microUsd }) => microUsd));
}

/** Of an answer that was not streamed one token, since nobody has seen its reads. */
function lastReadMicroUsd(
  { model = "", lastReadTokens = 1 }: StormResult,
  rates: OutputRates,
): number {
  return Math.ceil(lastReadTokens * (rates.get(model) ?? 0));
}

function countsOf(results: readonly StormResult[]): Record<StormEnding, number> {
  const counts = { answered: 0, stopped: 0, refused: 0, failed: 0, broken: 0 };
  for (const { ending } of results) counts[ending] += 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function brokenLaws(facts: StormFacts, found: Omit<Books, "broken">): string[] {
  const { ledger, openCalls, lostSettlements, kill, limit } = facts;
  const { counts, bound, left, lastAsked } = found;
  const laws: [isBroken: boolean, what: string][] = [
    [counts.failed > 0 && !facts.isFaulty, `${counts.failed} requests failed`],
    [counts.broken > 0 && kill === undefined, `${counts.broken} connections broke`],
    [counts.refused === 0, "nobody was refused: the budget was never tried"],
    [openCalls > 0, `${openCalls} calls are still open at the vendor`],
    [lostSettlements > 0, `${lostSettlements} settlements were lost`],
    [found.overspent > bound, `the ledger is ${found.overspent - bound} µ$ beyond the bound`],
    [found.billedOver > bound, `the bill is ${found.billedOver - bound} µ$ beyond the bound`],
    [found.falseRefusals > 0, `${found.falseRefusals} refusals were false`],
    [ledger.held !== 0, `${ledger.held} µ$ are still held`],
    [left >= lastAsked, `${left} µ$ were left when ${lastAsked} µ$ were refused`],
    [found.different.length > 0, `${found.different.length} whole answers have two prices`],
    [
      found.difference !== found.explained && !facts.isFaulty,
      `${found.difference - found.explained} µ$ between ledger and bill are not explained`,
    ],
    [
      found.unreconciled !== 0,
      `${found.unreconciled} µ$ are between ledger and bill after their reconciliation`,
    ],
  ];
  if (kill !== undefined)
    laws.push(
      [kill.after.spent < kill.before.spent, "the restart has lost what was settled"],
      [kill.after.spent + kill.after.held + bound < kill.paidBefore, "the restart has lost holds"],
      [kill.after.spent + kill.after.held > limit + bound, "the restart has found too much"],
      [kill.lapsed.held !== 0, `${kill.lapsed.held} µ$ are held after all leases`],
      [kill.holds.length === 0, "nothing was under way when the worker was killed"],
    );
  return laws.filter(([isBroken]) => isBroken).map(([, what]) => what);
}
