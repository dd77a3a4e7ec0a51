/**
 * Contenders on a foreign set: one of which no outcome was learnt.
 *
 * Models of unconnected sets cannot be compared, but prompts can: where is the strong model likely to be
 * worth more than the weak one? Each set that was learnt gives its pair of models (pair.ts) and for each
 * training row the gap between the two, less the set's mean gap. The baselines learn this gap, and on
 * the foreign set they predict it.
 *
 * Of the foreign set's models everybody knows one number, their mean quality, as a public leaderboard
 * would tell. With the gap g(x) of the pair a model's quality on prompt x is
 *
 *     mean + g(x) · (mean − mean of the weak model) / (mean of the strong − mean of the weak model)
 *
 * so the weak model is taken as the yardstick and all others stretch away from it. For the pair this is
 * the gap itself. Categories carry no meaning from set to set, so there is no category rule here.
 */
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { learnBaselines, learnLength, type Baseline } from "./baselines/learn.ts";
import type { FeatureReader } from "./baselines/row-features.ts";
import { inOrder, unlearned, type ContenderInput, type Contenders } from "./contenders.ts";
import type { Estimator, MeanCosts } from "./controls.ts";
import { choosePair, type ModelSummary } from "./pair.ts";
import { setModels, type SetPrices } from "./set-models.ts";

/** The rows of other sets, each with the gap of its set's pair. */
export interface GapRows {
  readonly rows: readonly OutcomeRow[];
  /** Strong minus weak, less the mean of the set. */
  readonly gaps: Float64Array;
}

/** Baselines that predict the gap. */
export type GapBaselines = Readonly<Record<"ridge" | "knn" | "statistics" | "length", Baseline>>;

/** The gaps of one set's training rows; empty where no two models differ. */
export function gapRows(train: readonly OutcomeRow[], list: SetPrices): GapRows {
  const { models } = setModels(train, list, () => true);
  const pair = choosePair(models);
  if (pair === undefined) return { rows: [], gaps: new Float64Array(0) };
  const paired = train.flatMap((row) => {
    const [strong, weak] = [row.scores[pair.strong.model], row.scores[pair.weak.model]];
    return strong === undefined || weak === undefined ? [] : [{ row, gap: strong - weak }];
  });
  const mean = paired.reduce((sum, { gap }) => sum + gap, 0) / paired.length;
  return {
    rows: paired.map(({ row }) => row),
    gaps: Float64Array.from(paired, ({ gap }) => gap - mean),
  };
}

/** Learns the gaps of several sets together. Throws an Error where they have no row. */
export function learnGaps(sets: readonly GapRows[], features: FeatureReader): GapBaselines {
  const rows = sets.flatMap((set) => set.rows);
  const targets = [Float64Array.from(sets.flatMap(({ gaps }) => [...gaps]))];
  if (rows.length === 0)
    throw new Error("No other set has two models that differ: nothing to learn");
  return {
    ...learnBaselines(rows, targets, features),
    length: learnLength(rows, targets, features),
  };
}

/** `models` are those of the foreign set, with the means that everybody knows. */
export function foreignContenders(
  input: ContenderInput,
  models: readonly ModelSummary[],
  baselines: GapBaselines,
): Contenders {
  const learned = Object.entries(baselines).map(([name, baseline]) => [
    name,
    stretched(baseline, models, input.meanCosts),
  ]);
  return inOrder({ ...Object.fromEntries(learned), ...unlearned(input) });
}

function stretched(
  baseline: Baseline,
  models: readonly ModelSummary[],
  costs: MeanCosts,
): Estimator {
  const pair = choosePair(models);
  const places = new Map(
    models.map(({ model, quality }) => {
      if (pair === undefined) return [model, { quality, share: 0 }];
      const { weak, strong } = pair;
      return [
        model,
        { quality, share: (quality - weak.quality) / (strong.quality - weak.quality) },
      ];
    }),
  );
  return {
    quality(row, model) {
      const place = places.get(model);
      return place === undefined ? NaN : place.quality + place.share * baseline.of(row)[0]!;
    },
    costUsd: (_, model) => costs.get(model) ?? NaN,
  };
}
