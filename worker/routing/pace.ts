/**
 * Pacing: remaining money and remaining time become one price of money, so that spending lands on the limit
 * when the window ends, and quality glides instead of stopping.
 *
 * A sum of money buys the most quality if every prompt pays the same for the last bit of it: take the model of
 * the highest `score − price · cost`, at one price for all. Which price spends the money is read off a curve
 * that each isolate learns: what its recent requests would have cost at each price of a grid. The price
 * is the one at which a mean request costs what is left, divided by the requests that are still to come.
 *
 * It is found anew for every request from the ledger's counts. No error is summed up over time, so isolates that have
 * never heard of one another agree, a wrong forecast is spread over what remains of the window, and a price
 * cannot wind up. 0 takes the best model of the hull, `DEAREST_MONEY` the cheapest.
 *
 * Nobody knows how many requests are to come, and the two mistakes differ: money that is left over buys nothing,
 * money that runs out refuses somebody. So there are two guesses. A high one keeps back what the cheapest model
 * would cost for so many; the rest is divided by a low one. Both lie as far from the middle as this traffic has
 * been unsteady, and the low one the farther the more of the window is over: an hour too thrifty in the
 * morning can be made up for, in the evening it cannot.
 *
 * Sources: Lagrange multiplier of a knapsack; receding horizon, in place of the dual descent of Balseiro, Lu and
 * Mirrokni 2011.10124, which `npm run pace` measures beside it.
 */
import type { Point } from "./hull.ts";

/** What the ledger says of a budget. */
export interface PaceFacts {
  /** The limit less what is spent and held. */
  readonly remainingMicroUsd: number;
  /** Requests since the window began, and how long that was when they were counted. */
  readonly requests: number;
  readonly elapsedMs: number;
  /** From now until the window ends. */
  readonly leftMs: number;
  /**
   * Requests of the window before that came at times which still lie ahead in this one: those of the last
   * `windowMs` less those of this window. Knows the hours of a day and the days of a week. 0 where there were none.
   */
  readonly requestsBefore?: number;
}

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
/** Share of the time left in which a rate cannot be told from a first burst. */
const FIRST_BURST = 0.01;
/** Budgets kept; the one unheard of for longest makes room. */
const MAX_BUDGETS = 1_000;

interface Page {
  /** Mean micro-dollars of a request at each of `PRICES`, never rising. */
  readonly costs: Float64Array;
  readonly requests: number;
  readonly bills: Bills;
  readonly traffic: Traffic;
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
  /** Where the part under way began. */
  readonly fromMs: number;
  readonly fromRequests: number;
}

const EMPTY: Page = {
  costs: new Float64Array(PRICES.length),
  requests: 0,
  bills: { usedMicroUsd: 0, expectedMicroUsd: 0, count: 0 },
  traffic: { parts: 0, squares: [0, 0, 0], fromMs: Infinity, fromRequests: 0 },
};

/** What one isolate has learnt of the requests that draw on each paced budget. */
export class PaceBook {
  /** By the budget's account; the one heard of last stands last. */
  readonly #pages = new Map<string, Page>();

  /** Enters a request: its offers (decide.ts), not none, by ascending cost in micro-dollars and worth. */
  observe(account: string, offers: readonly Point[], facts: PaceFacts): void {
    const page = this.#pages.get(account) ?? EMPTY;
    const requests = Math.min(page.requests + 1, MEMORY);
    const costs = costsAt(offers).map((cost, k) => {
      const mean = page.costs[k]!;
      return mean + (cost - mean) / requests;
    });
    this.#write(account, { ...page, costs, requests, traffic: watch(page.traffic, facts) });
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
    this.#write(account, { ...page, bills });
  }

  /** The price of money, score per dollar, 0 to `DEAREST_MONEY`; undefined where no request was ever observed. */
  priceFor(account: string, facts: PaceFacts): number | undefined {
    const page = this.#pages.get(account);
    if (page === undefined) return undefined;
    const { low, high } = requestsToCome(facts, page.traffic);
    const perForecast = billPerForecast(page.bills);
    const cheapest = page.costs.at(-1)! * perForecast;
    const spare = Math.max(facts.remainingMicroUsd - high * cheapest, 0);
    return priceAt(page.costs, (cheapest + spare / low) / perForecast);
  }

  #write(account: string, page: Page): void {
    this.#pages.delete(account);
    this.#pages.set(account, page);
    if (this.#pages.size <= MAX_BUDGETS) return;
    const [oldest] = this.#pages.keys();
    this.#pages.delete(oldest!);
  }
}

/** Enters a part of the window when it is over. */
function watch(traffic: Traffic, { requests, elapsedMs, leftMs }: PaceFacts): Traffic {
  const { parts, squares, fromMs, fromRequests } = traffic;
  if (elapsedMs < fromMs || requests < fromRequests)
    return { parts: 0, squares: [0, 0, 0], fromMs: elapsedMs, fromRequests: requests };
  const length = ((elapsedMs - fromMs) * PARTS) / (elapsedMs + leftMs);
  if (!(length >= 1)) return traffic;
  const count = requests - fromRequests;
  const [counts, products, lengths] = squares;
  return {
    parts: parts + length,
    squares: [counts + count ** 2, products + count * length, lengths + length ** 2],
    fromMs: elapsedMs,
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

/** Two guesses of the requests still to come, both above 0, the one at hand among them. */
function requestsToCome(
  { requests, elapsedMs, leftMs: timeLeftMs, requestsBefore = 0 }: PaceFacts,
  traffic: Traffic,
): { low: number; high: number } {
  const leftMs = Math.max(timeLeftMs, 0);
  const windowMs = Math.max(elapsedMs + leftMs, 1);
  const rate = (requests + 1) / Math.max(elapsedMs, FIRST_BURST * leftMs, 1);
  const middle = requestsBefore > 0 ? (rate * leftMs + requestsBefore) / 2 : rate * leftMs;
  const partsLeft = Math.max((PARTS * leftMs) / windowMs, 0.01);
  const variance = varianceOf(traffic, (rate * windowMs) / PARTS);
  const deviation = Math.sqrt(variance / partsLeft);
  const least = Math.max(1 - (DOUBT * deviation * elapsedMs) / windowMs, LEAST_SHARE);
  return {
    low: Math.max(middle * least, LEAST_REQUESTS),
    high: Math.max(middle * (1 + DOUBT * deviation), LEAST_REQUESTS),
  };
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

/** The least price at which a request costs no more than the target; between two of the grid by proportion. */
function priceAt(costs: Float64Array, targetMicroUsd: number): number {
  const next = costs.findIndex((cost) => cost <= targetMicroUsd);
  if (next === 0) return 0;
  if (next === -1) return DEAREST_MONEY;
  const [above, below] = [costs[next - 1]!, costs[next]!];
  const share = (above - targetMicroUsd) / (above - below);
  const [low, high] = [PRICES[next - 1]!, PRICES[next]!];
  return low === 0 ? share * high : low * (high / low) ** share;
}
