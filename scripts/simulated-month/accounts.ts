/**
 * What a player's month came to: of each request what was gained, paid and missed, and sums of that over any days.
 *
 * Regret is what the oracle's choice was worth at that moment less the player's own, by the truth, so it is never below
 * zero and the oracle's is zero.
 */
import { answerAt, bestModelAt, utilityOf, type Request, type World } from "./world.ts";

export interface Entry {
  readonly day: number;
  /** Whether the question had not been asked before in the month. */
  readonly isFresh: boolean;
  readonly model: string;
  readonly quality: number;
  readonly costMicroUsd: number;
  readonly utility: number;
  readonly regret: number;
}

/** Per request. */
export interface Sums {
  readonly requests: number;
  readonly quality: number;
  readonly costMicroUsd: number;
  readonly utility: number;
  readonly regret: number;
}

/** What each request came to. @param choices Models, in the order of the requests. */
export function entriesOf(
  world: World,
  requests: readonly Request[],
  choices: readonly string[],
): Entry[] {
  const asked = new Set<string>();
  return requests.map((request, k) => {
    const isFresh = !asked.has(request.question.gid);
    asked.add(request.question.gid);
    const model = choices[k]!;
    const answer = answerAt(world, request, model);
    const best = answerAt(world, request, bestModelAt(world, request));
    const utility = utilityOf(world, request.question, answer);
    const regret = utilityOf(world, request.question, best) - utility;
    return { day: request.day, isFresh, model, ...answer, utility, regret };
  });
}

/** Of the entries from one day up to another. */
export function sumsOf(entries: readonly Entry[], from = 0, until = Infinity): Sums {
  const sums = { requests: 0, quality: 0, costMicroUsd: 0, utility: 0, regret: 0 };
  for (const { day, quality, costMicroUsd, utility, regret } of entries) {
    if (day < from || day >= until) continue;
    sums.requests++;
    sums.quality += quality;
    sums.costMicroUsd += costMicroUsd;
    sums.utility += utility;
    sums.regret += regret;
  }
  return sums;
}

/** The share of these entries that a model answered; NaN of none. */
export function shareOf(entries: readonly Entry[], model: string): number {
  return entries.filter((entry) => entry.model === model).length / entries.length;
}
