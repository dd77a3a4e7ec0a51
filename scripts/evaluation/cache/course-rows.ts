/**
 * Rules played over several orders of the same requests: what they serve, and how far an order moves it.
 *
 * Means are over orders, with the least and the greatest; these are no confidence intervals, since all orders share one
 * set. The false share is that of all orders' hits together, its ends those of single orders that had hits.
 */
import { hashText, pick, randomFrom, shuffle } from "../../../worker/lib/prng.ts";
import type { Estimate } from "../bootstrap.ts";
import { chanceOfAtMost } from "./binomial.ts";
import type { Gate } from "./contenders.ts";
import type { PairSet } from "./pair-set.ts";
import { play, type Arrival, type Played } from "./requests.ts";
import type { Compare } from "./similarity.ts";

/** One similarity behind one gate. Shares are 0 to 1. */
export interface CourseRow {
  readonly similarity: string;
  readonly rule: string;
  readonly guarded: boolean;
  /** Of false hits, that the rule was started with. */
  readonly budget: number;
  /** Hits of requests, and right hits of those that any earlier answer would have served. */
  readonly hitRate: Estimate;
  readonly recall: Estimate;
  /** The latter, of requests. */
  readonly answerable: number;
  /** False hits of hits; NaN without hits. */
  readonly falseShare: Estimate;
  /** Of the false hits, those of pairs that nobody has labelled. */
  readonly unlabelled: number;
  /** Audited hits of hits. */
  readonly audited: number;
  readonly orders: number;
  /** Of the orders, in how many more hits were false than the budget allows, */
  readonly ordersBeyond: number;
  /** and in how many so many more that chance explains it in less than one case of twenty. */
  readonly ordersSurelyBeyond: number;
}

export interface CourseTerms {
  readonly gates: readonly Gate[];
  readonly budget: number;
  readonly orders: number;
  readonly seed: number;
}

/** A row for each gate; `arrivalsOf` makes the requests of one order. */
export function courseRows(
  similarity: string,
  arrivalsOf: (order: number) => readonly Arrival[],
  { gates, budget, orders, seed }: CourseTerms,
): CourseRow[] {
  const played = gates.map((): Played[] => []);
  for (let order = 0; order < orders; order++) {
    const arrivals = arrivalsOf(order);
    for (const [g, { rule, guarded }] of gates.entries()) {
      const random = randomFrom(hashText(`audits ${seed} ${order}`));
      played[g]!.push(play(arrivals, { rule, guarded, budget, random }));
    }
  }
  return gates.map(({ rule, guarded }, g) => ({
    similarity,
    rule: rule.name,
    guarded,
    budget,
    ...summaryOf(played[g]!, budget),
  }));
}

/** The pairs of a set as requests, each of which meets its partner and nothing else. */
export function requestsOf({ pairs }: PairSet, compare: Compare): Arrival[] {
  return pairs.map(({ a, b, isEquivalent, refusal }) => ({
    similarity: compare(a, b),
    entry: a,
    isRight: isEquivalent,
    isLabelled: true,
    isRefused: refusal !== undefined,
    isAnswerable: isEquivalent,
  }));
}

interface Draw {
  readonly seed: number;
  readonly order: number;
}

/** Each request once, in the `order`-th random order: a rule meets nothing twice, and has only so much to learn from. */
export function dealt(requests: readonly Arrival[], { seed, order }: Draw): Arrival[] {
  return shuffle([...requests], randomFrom(hashText(`pairs ${seed} ${order}`)));
}

/** `count` draws with replacement: a long life among requests that come again. */
export function drawn(
  requests: readonly Arrival[],
  { seed, order, count }: Draw & { readonly count: number },
): Arrival[] {
  const random = randomFrom(hashText(`draws ${seed} ${order}`));
  return Array.from({ length: count }, () => pick(random, requests));
}

function summaryOf(
  played: readonly Played[],
  budget: number,
): Omit<CourseRow, "similarity" | "rule" | "guarded" | "budget"> {
  const hits = sum(played.map((one) => one.hits));
  const falseHits = sum(played.map((one) => one.falseHits));
  const shares = played.map((one) => one.falseHits / one.hits);
  const spread = spreadOf(shares.filter(Number.isFinite));
  return {
    hitRate: spreadOf(played.map((one) => one.hits / one.requests)),
    recall: spreadOf(played.map((one) => (one.hits - one.falseHits) / one.answerable)),
    answerable: sum(played.map((one) => one.answerable / one.requests)) / played.length,
    falseShare: { ...spread, value: falseHits / hits },
    unlabelled: sum(played.map((one) => one.unlabelled)) / Math.max(falseHits, 1),
    audited: hits === 0 ? 0 : sum(played.map(({ audits }) => audits)) / hits,
    orders: played.length,
    ordersBeyond: shares.filter((share) => share > budget).length,
    ordersSurelyBeyond: played.filter((one) => isSurelyBeyond(one, budget)).length,
  };
}

/** By an exact test of one side at 5 %. */
function isSurelyBeyond({ hits, falseHits }: Played, budget: number): boolean {
  return hits > 0 && 1 - chanceOfAtMost(falseHits - 1, { total: hits, share: budget }) < 0.05;
}

/** Mean, least and greatest; NaN of none. */
function spreadOf(values: readonly number[]): Estimate {
  if (values.length === 0) return { value: NaN, low: NaN, high: NaN };
  return {
    value: sum(values) / values.length,
    low: Math.min(...values),
    high: Math.max(...values),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
