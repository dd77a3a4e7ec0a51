/**
 * The strong and the weak model of a set, for the metrics that compare two.
 *
 * The pair decides how well a router can look, so the rule is fixed here, reads training rows only and has
 * nothing to tune:
 *
 * - strong: the highest mean quality;
 * - weak: the cheapest of the models that are at least half as good. Where any of those has no known cost,
 *   quality stands in for it: the weakest of those at least half as good, since on price lists the one
 *   follows the other.
 *
 * Half as good keeps out models that fail by form (they answer in the wrong format, or not at all), against
 * which every router wins. Where no other model is half as good, the next best one is the weak one.
 */

/** A model over the training rows of one set. */
export interface ModelSummary {
  readonly model: string;
  /** Mean quality, 0..1. */
  readonly quality: number;
  /** Mean cost of a call in USD; undefined where not every call has one. */
  readonly costUsd: number | undefined;
}

export interface ModelPair {
  readonly strong: ModelSummary;
  readonly weak: ModelSummary;
  /** What the weak model was chosen by. */
  readonly by: "cost" | "quality";
}

const LEAST_SHARE = 0.5;

/** Undefined for fewer than two models, and where no model is worse than the best. */
export function choosePair(models: readonly ModelSummary[]): ModelPair | undefined {
  const strong = models.toSorted((a, b) => b.quality - a.quality || byName(a, b))[0];
  if (strong === undefined) return undefined;
  const weaker = models.filter(({ quality }) => quality < strong.quality);
  const good = weaker.filter(({ quality }) => quality >= LEAST_SHARE * strong.quality);
  if (good.length === 0) {
    const next = weaker.toSorted((a, b) => b.quality - a.quality || byName(a, b))[0];
    return next === undefined ? undefined : { strong, weak: next, by: "quality" };
  }
  if ([strong, ...good].every(({ costUsd }) => costUsd !== undefined)) {
    const weak = good.toSorted((a, b) => a.costUsd! - b.costUsd! || byName(a, b))[0]!;
    return { strong, weak, by: "cost" };
  }
  const weak = good.toSorted((a, b) => a.quality - b.quality || byName(a, b))[0]!;
  return { strong, weak, by: "quality" };
}

function byName(a: ModelSummary, b: ModelSummary): number {
  return a.model < b.model ? -1 : 1;
}
