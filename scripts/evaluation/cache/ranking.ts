/**
 * A similarity as a rule for serving: the pairs from the most alike on, and what a threshold anywhere among them means.
 *
 * A pair that is served is a hit, and a false hit where the two are not equivalent. Precision is the share of hits that
 * are right, recall the share of equivalent pairs that are hits, also of those that a guard refuses: what guards refuse
 * is never a hit, so with guards a curve may end below full recall. Pairs of equal similarity are served together or
 * not at all. The area under the curve is average precision, so nothing is interpolated.
 */
import { chanceOfAtMost } from "./binomial.ts";

/** How a pair looks to a similarity, and what is true of it. */
export interface ScoredPair {
  readonly similarity: number;
  readonly isEquivalent: boolean;
  readonly isRefused: boolean;
}

export interface Ranking {
  readonly pairs: readonly ScoredPair[];
  /** Places of the pairs that may be served, the most alike first. */
  readonly order: Int32Array;
}

/** One threshold: what it serves. */
export interface Cut {
  readonly threshold: number;
  readonly hits: number;
  readonly falseHits: number;
}

/** The numbers of a ranking, each from 0 to 1; NaN where no pair is equivalent. */
export interface RankingNumbers {
  readonly aucPr: number;
  /** The greatest recall at a precision of 95 % and of 99 % at least. */
  readonly recall95: number;
  readonly recall99: number;
  /** Of all that may be served. */
  readonly reach: number;
}

/** With `guarded`, pairs that a guard refuses are never served. */
export function rankingOf(
  pairs: readonly ScoredPair[],
  { guarded }: { readonly guarded: boolean },
): Ranking {
  const places = pairs.map((_, place) => place);
  const served = guarded ? places.filter((place) => !pairs[place]!.isRefused) : places;
  served.sort((a, b) => pairs[b]!.similarity - pairs[a]!.similarity);
  return { pairs, order: Int32Array.from(served) };
}

/** @param counts How often each pair counts. */
export function rankingNumbers({ pairs, order }: Ranking, counts: Float64Array): RankingNumbers {
  let equivalent = 0;
  for (let place = 0; place < pairs.length; place++)
    if (pairs[place]!.isEquivalent) equivalent += counts[place]!;
  let [hits, right, aucPr, recall, recall95, recall99] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < order.length; k++) {
    const place = order[k]!;
    hits += counts[place]!;
    if (pairs[place]!.isEquivalent) right += counts[place]!;
    if (isTie(pairs, order, k) || hits === 0) continue;
    const precision = right / hits;
    aucPr += (right / equivalent - recall) * precision;
    recall = right / equivalent;
    if (precision >= 0.95) recall95 = recall;
    if (precision >= 0.99) recall99 = recall;
  }
  if (equivalent === 0) return { aucPr: NaN, recall95: NaN, recall99: NaN, reach: NaN };
  return { aucPr, recall95, recall99, reach: recall };
}

/** Every threshold at which something changes, the highest first. */
export function cutsOf({ pairs, order }: Ranking): Cut[] {
  const cuts: Cut[] = [];
  let falseHits = 0;
  for (let k = 0; k < order.length; k++) {
    const { isEquivalent, similarity } = pairs[order[k]!]!;
    if (!isEquivalent) falseHits++;
    if (!isTie(pairs, order, k)) cuts.push({ threshold: similarity, hits: k + 1, falseHits });
  }
  return cuts;
}

/** What a threshold serves: all pairs at least so much alike. */
export function cutAt(cuts: readonly Cut[], threshold: number): Cut {
  const last = cuts.findLast((cut) => cut.threshold >= threshold - ROUNDING);
  return { threshold, hits: last?.hits ?? 0, falseHits: last?.falseHits ?? 0 };
}

/**
 * The lowest threshold at which the false share is surely within the budget: by an exact one-sided bound of 95 %. It is
 * looked for on the pairs that it is judged by, so it flatters; undefined where there is none.
 */
export function sureCut(cuts: readonly Cut[], budget: number): Cut | undefined {
  return cuts.findLast(
    ({ hits, falseHits }) =>
      falseHits <= budget * hits &&
      chanceOfAtMost(falseHits, { total: hits, share: budget }) <= 0.05,
  );
}

/** A cosine of a vector with itself may miss 1 by so much. */
const ROUNDING = 1e-9;

function isTie(pairs: readonly ScoredPair[], order: Int32Array, k: number): boolean {
  const next = order[k + 1];
  return next !== undefined && pairs[next]!.similarity === pairs[order[k]!]!.similarity;
}
