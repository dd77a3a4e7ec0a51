/**
 * Pacing: remaining money and remaining time become one price of money, so that spending lands on the limit
 * when the window ends, and quality glides instead of stopping.
 *
 * A sum of money buys the most quality if every prompt pays the same for the last bit of it: take the model of
 * the highest `score − price · cost`, at one price for all. Which price spends the money is read off a curve
 * that each isolate learns: what its recent requests would have cost at each price of a grid. The price
 * is the one at which a mean request costs what is left, divided by the requests that are still to come: where that
 * lies between two of the grid, now the one and now the other, as the zero router mixes two models.
 *
 * It is found anew for every request from the ledger's counts. No error is summed up over time, so isolates that have
 * never heard of one another agree, a wrong forecast is spread over what remains of the window, and a price
 * cannot wind up. 0 takes the best model of the hull, `DEAREST_MONEY` the cheapest.
 *
 * Nobody knows how many requests are to come, and the two mistakes differ: money that is left over buys nothing,
 * money that runs out refuses somebody. So there are two guesses. A high one keeps back what the cheapest model
 * would cost for so many; the rest is divided by a low one. Both lie as far from the middle as this traffic has
 * been unsteady, and the low one the farther the more of the window is over: an hour too thrifty in the
 * morning can be made up for, in the evening it cannot. How much of the window's traffic is over they tell by the
 * requests of the window before, hour for hour, where it is known.
 *
 * Sources: Lagrange multiplier of a knapsack; receding horizon, in place of the dual descent of Balseiro, Lu and
 * Mirrokni 2011.10124, which `npm run pace` measures beside it.
 */
import type { PacedBudget, Rhythm } from "../domain/standing.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Point } from "./hull.ts";

/** What the ledger says of a budget. */
export type PaceFacts = Omit<PacedBudget, "account">;

/**
 * Score per dollar at which the cheapest model is taken, whatever the others promise: a micro-dollar is worth
 * a whole score. Finite, so that no utility is NaN and a decision can be written as JSON.
 */
export const DEAREST_MONEY = 1e6;

const STEPS_PER_DECADE = 8;
const DECADES = 8;
/** Of the curve: 0, and from a cent a point upwards to `DEAREST_MONEY`. */
const PRICES: readonly number[] = [
  0,
  ...Array.from(
    { length: DECADES * STEPS_PER_DECADE + 1 },
    (_, k) => DEAREST_MONEY * 10 ** (k / STEPS_PER_DECADE - DECADES),
  ),
];

/** Requests that the curve and the bills remember; older ones fade. */
const MEMORY = 500;
/** Bills' worth of belief in the forecast that an isolate starts with. */
const FAITH = 20;
/** Parts of a window whose traffic is compared. */
const PARTS = 48;
/** Relative variance of a part's requests before any was seen, and the parts that this belief is worth. */
const FIRST_VARIANCE = 0.25;
const FIRST_PARTS = 4;
/** Deviations by which the high guess lies above the middle, and at the window's end the low one below. */
const DOUBT = 3;
/** The low guess is never less than this share of the middle. */
const LEAST_SHARE = 0.3;
/** And this many: of the last requests none may take all that is left. */
const LEAST_REQUESTS = 10;
/** As many of the window before say no more of its clock than time does. */
const FEW_REQUESTS = 50;
/** Share of the traffic that keeps no hours. */
const UNLIKE_SHARE = 0.05;
/** Beyond so many times the requests a window says nothing of another: its budget may have begun in the middle. */
const ALIKE = 10;
/** Share of the time left in which a rate cannot be told from a first burst. */
const FIRST_BURST = 0.01;
/** What one request should hold at most of the money that is not kept back: none may take all that is left. */
const MOST_SHARE = 0.5;
/** The golden section. */
const TURN = (Math.sqrt(5) - 1) / 2;
/** Budgets kept. */
const MAX_BUDGETS = 1_000;

interface Page {
  /** Mean micro-dollars of a request at each of `PRICES`, never rising. */
  readonly costs: Float64Array;
  readonly requests: number;
  readonly bills: Bills;
  readonly traffic: Traffic;
  /** Whose turn it is of two prices, 0 to 1; multiples of the golden section lie evenly. */
  readonly turn: number;
}

/** Fading sums. */
interface Bills {
  readonly usedMicroUsd: number;
  readonly expectedMicroUsd: number;
  readonly count: number;
}

/** What a window's parts saw, one after the other; a part may be several times as long where nobody came. */
interface Traffic {
  readonly parts: number;
  /** Sums over the parts: requests², requests times length, length². */
  readonly squares: readonly [number, number, number];
  /** Where the part under way began, as a share of the window. */
  readonly from: number;
  readonly fromRequests: number;
}

const EMPTY: Page = {
  costs: new Float64Array(PRICES.length),
  requests: 0,
  bills: { usedMicroUsd: 0, expectedMicroUsd: 0, count: 0 },
  traffic: { parts: 0, squares: [0, 0, 0], from: Infinity, fromRequests: 0 },
  turn: 0,
};

export interface Pace {
  /** The price of money, score per dollar, 0 to `DEAREST_MONEY`. */
  readonly qualityPerUsd: number;
  /** Micro-dollars that one request should hold at most. */
  readonly mostMicroUsd: number;
}

/** What one isolate has learnt of the requests that draw on each paced budget. */
export class PaceBook {
  /** By the budget's account. */
  readonly #pages = new BoundedMap<string, Page>(MAX_BUDGETS);

  /** Enters a request: its offers (decide.ts), not none, by ascending cost in micro-dollars and worth. */
  observe(account: string, offers: readonly Point[], facts: PaceFacts): void {
    const page = this.#pages.get(account) ?? EMPTY;
    const requests = Math.min(page.requests + 1, MEMORY);
    const costs = costsAt(offers).map((cost, k) => {
      const mean = page.costs[k]!;
      return mean + (cost - mean) / requests;
    });
    const turn = (page.turn + TURN) % 1;
    const traffic = watch(page.traffic, facts);
    this.#pages.set(account, { ...page, costs, requests, traffic, turn });
  }

  /** Enters what a request has cost, beside what had been forecast for it, in micro-dollars. */
  settle(account: string, bill: { expectedMicroUsd: number; usedMicroUsd: number }): void {
    const page = this.#pages.get(account);
    if (page === undefined) return;
    const kept = 1 - 1 / MEMORY;
    const bills = {
      usedMicroUsd: kept * page.bills.usedMicroUsd + bill.usedMicroUsd,
      expectedMicroUsd: kept * page.bills.expectedMicroUsd + bill.expectedMicroUsd,
      count: kept * page.bills.count + 1,
    };
    this.#pages.set(account, { ...page, bills });
  }

  /** What a request may spend; undefined where none was ever observed. */
  paceFor(account: string, facts: PaceFacts): Pace | undefined {
    const page = this.#pages.get(account);
    if (page === undefined) return undefined;
    const { low, high } = requestsToCome(facts, page.traffic);
    const perForecast = billPerForecast(page.bills);
    const cheapest = page.costs.at(-1)! * perForecast;
    const spare = Math.max(facts.remainingMicroUsd - high * cheapest, 0);
    const qualityPerUsd = priceAt(page.costs, (cheapest + spare / low) / perForecast, page.turn);
    return { qualityPerUsd, mostMicroUsd: MOST_SHARE * spare };
  }
}

/** Enters a part of the window when it is over. */
function watch(traffic: Traffic, facts: PaceFacts): Traffic {
  const { parts, squares, from, fromRequests } = traffic;
  const { requests } = facts;
  const over = shareOver(facts);
  if (over < from || requests < fromRequests)
    return { parts: 0, squares: [0, 0, 0], from: over, fromRequests: requests };
  const length = (over - from) * PARTS;
  if (length < 1) return traffic;
  const count = requests - fromRequests;
  const [counts, products, lengths] = squares;
  return {
    parts: parts + length,
    squares: [counts + count ** 2, products + count * length, lengths + length ** 2],
    from: over,
    fromRequests: requests,
  };
}

/** Relative variance of a part's requests around the mean of the window so far. */
function varianceOf(
  { parts, squares: [counts, products, lengths] }: Traffic,
  mean: number,
): number {
  const seen = mean > 0 ? counts / mean ** 2 - (2 * products) / mean + lengths : 0;
  return (FIRST_VARIANCE * FIRST_PARTS + seen) / (FIRST_PARTS + parts);
}

/**
 * Two guesses of the requests still to come, both above 0, the one at hand among them. The high one believes in the
 * window before only what it says beyond the clock: a day that began like it need not end like it.
 */
function requestsToCome(facts: PaceFacts, traffic: Traffic): { low: number; high: number } {
  const { requests } = facts;
  const { low, high } = guessesAt(shareOver(facts), requests, traffic);
  const byTime = guessesAt(timeOver(facts), requests, traffic);
  return { low, high: Math.max(high, byTime.high) };
}

/** @param over Share of the window's traffic. */
function guessesAt(
  over: number,
  requests: number,
  traffic: Traffic,
): { low: number; high: number } {
  const left = 1 - over;
  const rate = (requests + 1) / Math.max(over, FIRST_BURST * left);
  const middle = rate * left;
  const partsLeft = Math.max(PARTS * left, 0.01);
  const deviation = Math.sqrt(varianceOf(traffic, rate / PARTS) / partsLeft);
  const least = Math.max(1 - DOUBT * deviation * over, LEAST_SHARE);
  return {
    low: Math.max(middle * least, LEAST_REQUESTS),
    high: Math.max(middle * (1 + DOUBT * deviation), LEAST_REQUESTS),
  };
}

/**
 * How much of the window's traffic is over, 0 to 1: the window's clock. It goes by the requests of the window before,
 * so it knows the hours of a day and the days of a week, and a Monday may be busier than its Sunday. It goes by time
 * where there were few, or out of all proportion to this one's.
 */
function shareOver(facts: PaceFacts): number {
  const { requests, before = [] } = facts;
  const byTime = timeOver(facts);
  const { past, all } = requestsIn(before, byTime);
  const level = (requests + FEW_REQUESTS) / (past + FEW_REQUESTS);
  if (level > ALIKE || level < 1 / ALIKE) return byTime;
  const doubt = FEW_REQUESTS + UNLIKE_SHARE * all;
  return (past + doubt * byTime) / (all + doubt);
}

function timeOver({ elapsedMs, leftMs }: PaceFacts): number {
  return elapsedMs / Math.max(elapsedMs + Math.max(leftMs, 0), 1);
}

/** Of a window that is over: requests until a share of it had passed, and all. */
function requestsIn(rhythm: Rhythm, share: number): { past: number; all: number } {
  const parts = share * rhythm.length;
  let [past, all] = [0, 0];
  for (const [part, count] of rhythm.entries()) {
    past += count * Math.min(Math.max(parts - part, 0), 1);
    all += count;
  }
  return { past, all };
}

function billPerForecast({ usedMicroUsd, expectedMicroUsd, count }: Bills): number {
  if (expectedMicroUsd <= 0) return 1;
  const faith = (FAITH * expectedMicroUsd) / count;
  return (usedMicroUsd + faith) / (expectedMicroUsd + faith);
}

/** What one request costs at each price: down the hull, a corner at a time. */
function costsAt(offers: readonly Point[]): Float64Array {
  let at = offers.length - 1;
  return Float64Array.from(PRICES, (price) => {
    while (at > 0 && prefersCheaper(offers[at - 1]!, offers[at]!, price)) at--;
    return offers[at]!.cost;
  });
}

function prefersCheaper(cheap: Point, dear: Point, qualityPerUsd: number): boolean {
  return dear.quality - cheap.quality <= (qualityPerUsd * (dear.cost - cheap.cost)) / 1e6;
}

/**
 * A price at which a request costs the target on the mean: of the two of the grid around it now the one and now the
 * other, in the right proportion. Between them a price would not do: many requests may change their model at one.
 * @param turn From 0 to 1, evenly spread over the requests.
 */
function priceAt(costs: Float64Array, targetMicroUsd: number, turn: number): number {
  const next = costs.findIndex((cost) => cost <= targetMicroUsd);
  if (next === 0) return 0;
  if (next === -1) return DEAREST_MONEY;
  const [above, below] = [costs[next - 1]!, costs[next]!];
  const share = (targetMicroUsd - below) / (above - below);
  return PRICES[turn < share ? next - 1 : next]!;
}
