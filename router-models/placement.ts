/**
 * Gives models a place among a release's abilities.
 *
 * A model that the release was trained on has learnt its row `[μ, θ]`. A new one has no outcomes yet, so
 * it is placed by what is public: its row is Gaussian a priori, as the trained rows are distributed, and
 * every benchmark score is one noisy linear measurement of it (anchor), which updates mean and
 * covariance in closed form. A model without any usable anchor gets the score that its edition of the
 * catalogue leads one to expect (`expectedScores`), as a measurement with a wide deviation. So every
 * placement is shrunk to the prior by as much as its evidence is weak.
 *
 * Sources: UniRoute 2502.08773 and IRT-Router 2506.01048 (placing unseen models); Kalman's update.
 */
import type { CatalogModel } from "./catalog.ts";
import { COMMON_BENCHMARK, expectedScores, logit } from "./expected-score.ts";
import type { Manifest } from "./manifest.ts";
import type { PanelModel } from "./scorer.ts";

/** Deviation, in logits, of a score that was inferred from price or from another benchmark. */
const INFERRED_DEVIATION = 0.5;
/** Published scores differ from run to run and from prompt style to prompt style. */
const PUBLISHED_DEVIATION = 0.25;

/** Every model of the training data, where its outcomes put it. */
export function trainedPanel(manifest: Manifest): PanelModel[] {
  return Object.entries(manifest.models).map(([id, { ability, logTokensOffset }]) => ({
    id,
    ability,
    logTokensOffset,
    standing: standingOf(manifest, ability),
  }));
}

/**
 * Every catalogue model, by the strongest evidence there is: an ability vector in the catalogue, a
 * trained row under its very id, its anchors, what its edition suggests. A trained model of a like name
 * is no evidence: sources grade on scales of their own, and rows of unconnected sets do not compare.
 */
export function placeCatalog(manifest: Manifest, models: readonly CatalogModel[]): PanelModel[] {
  const expected = expectedScores(models);
  return models.map((model) => {
    const trained = Object.hasOwn(manifest.models, model.id)
      ? manifest.models[model.id]
      : undefined;
    const ability = model.ability ?? trained?.ability ?? place(manifest, model, expected);
    return {
      id: model.id,
      ability,
      logTokensOffset: Math.log(model.outputTokensFactor),
      standing: standingOf(manifest, ability),
    };
  });
}

/** The expected logit over the training traffic. */
function standingOf({ placement }: Manifest, ability: readonly number[]): number {
  return dot(placement.demand, ability) - placement.difficulty;
}

/** The mean of a model's row given its anchors. */
function place(
  { placement }: Manifest,
  model: CatalogModel,
  expected: ReadonlyMap<string, number>,
): number[] {
  const width = placement.mean.length;
  const mean = [...placement.mean];
  const covariance = Float64Array.from(placement.covariance);
  const measured = model.anchors.filter(({ benchmark }) => benchmark in placement.anchors);
  const measurements =
    measured.length > 0
      ? measured.map(({ benchmark, score }) => ({
          benchmark,
          score,
          deviation: PUBLISHED_DEVIATION,
        }))
      : [
          {
            benchmark: COMMON_BENCHMARK,
            score: expected.get(model.id),
            deviation: INFERRED_DEVIATION,
          },
        ];
  for (const { benchmark, score, deviation } of measurements) {
    const anchor = placement.anchors[benchmark];
    if (anchor === undefined || score === undefined) continue;
    const { gradient } = anchor;
    const direction = Array.from({ length: width }, (_, i) =>
      dot(covariance.subarray(i * width, (i + 1) * width), gradient),
    );
    const variance = dot(gradient, direction) + anchor.deviation ** 2 + deviation ** 2;
    const surprise = logit(score) - anchor.intercept - dot(gradient, mean);
    for (let i = 0; i < width; i++) {
      mean[i]! += (direction[i]! * surprise) / variance;
      for (let j = 0; j < width; j++)
        covariance[i * width + j]! -= (direction[i]! * direction[j]!) / variance;
    }
  }
  return mean;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
