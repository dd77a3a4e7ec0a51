/**
 * The pairs of a set under each similarity, as they are and behind the guards: curves, and numbers with intervals.
 *
 * Intervals of a ranking's numbers are bootstrapped over groups of pairs that share texts, the threshold chosen anew in
 * each resample; those of a fixed threshold's false share are exact and suppose that pairs are independent.
 */
import { hashText, randomFrom } from "../../../worker/lib/prng.ts";
import { bootstrap, type Estimate } from "../bootstrap.ts";
import { binomialShare } from "./binomial.ts";
import { THRESHOLDS } from "./contenders.ts";
import type { CacheOptions } from "./options.ts";
import type { PairSet } from "./pair-set.ts";
import {
  cutAt,
  cutsOf,
  rankingNumbers,
  rankingOf,
  sureCut,
  type Cut,
  type Ranking,
  type RankingNumbers,
} from "./ranking.ts";
import type { Compare } from "./similarity.ts";

/** A threshold with the share of its hits that is false, NaN where there is no hit. */
export interface ThresholdRow extends Cut {
  readonly falseShare: Estimate;
}

/** One similarity on the pairs of a set. */
export interface MethodRow {
  readonly similarity: string;
  readonly guarded: boolean;
  readonly numbers: Readonly<Record<keyof RankingNumbers, Estimate>>;
  /** Recall where the false share is surely within the budget (`sureCut`); 0 where nothing is sure. */
  readonly sureRecall: number;
  readonly thresholds: readonly ThresholdRow[];
  /** Some hundred thresholds, the highest first. */
  readonly curve: readonly Cut[];
}

export interface Ranked {
  readonly similarity: string;
  readonly guarded: boolean;
  readonly ranking: Ranking;
}

/** A set's pairs in the order of a similarity, without and with the guards. */
export function rankedBy(similarity: string, { pairs }: PairSet, compare: Compare): Ranked[] {
  const scored = pairs.map(({ a, b, isEquivalent, refusal }) => ({
    similarity: compare(a, b),
    isEquivalent,
    isRefused: refusal !== undefined,
  }));
  return [false, true].map((guarded) => ({
    similarity,
    guarded,
    ranking: rankingOf(scored, { guarded }),
  }));
}

/** A row for each ranking; all share the same resamples. */
export function methodRows(
  rankings: readonly Ranked[],
  { pairs, name }: PairSet,
  { budget, resamples, seed }: Pick<CacheOptions, "budget" | "resamples" | "seed">,
): MethodRow[] {
  const estimates = bootstrap((counts) => numbered(rankings, counts), {
    groups: pairs.map(({ group }) => group),
    resamples,
    random: randomFrom(hashText(`${name} ${seed}`)),
  });
  const equivalent = pairs.filter(({ isEquivalent }) => isEquivalent).length;
  return rankings.map(({ similarity, guarded, ranking }, k): MethodRow => {
    const cuts = cutsOf(ranking);
    const sure = sureCut(cuts, budget);
    return {
      similarity,
      guarded,
      numbers: {
        aucPr: estimates[`aucPr ${k}`]!,
        recall95: estimates[`recall95 ${k}`]!,
        recall99: estimates[`recall99 ${k}`]!,
        reach: estimates[`reach ${k}`]!,
      },
      sureRecall: sure === undefined ? 0 : (sure.hits - sure.falseHits) / equivalent,
      thresholds: THRESHOLDS.map((threshold) => {
        const cut = cutAt(cuts, threshold);
        return { ...cut, falseShare: binomialShare(cut.falseHits, cut.hits) };
      }),
      curve: thinned(cuts),
    };
  });
}

function numbered(rankings: readonly Ranked[], counts: Float64Array): Record<string, number> {
  return Object.fromEntries(
    rankings.flatMap(({ ranking }, k) =>
      Object.entries(rankingNumbers(ranking, counts)).map(([name, value]) => [
        `${name} ${k}`,
        value,
      ]),
    ),
  );
}

/** Points of a curve: enough for a picture. */
const CURVE_POINTS = 150;

/** Cuts a fifth of their hits apart while there are few, then a fixed number of hits. */
function thinned(cuts: readonly Cut[]): Cut[] {
  const apart = (cuts.at(-1)?.hits ?? 0) / CURVE_POINTS;
  let next = 0;
  return cuts.filter(({ hits }, k) => {
    const isKept = hits >= next || k === cuts.length - 1;
    if (isKept) next = Math.min(1.2 * hits, hits + apart);
    return isKept;
  });
}
