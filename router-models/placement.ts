/**
 * Gives models a place among a release's abilities.
 *
 * A model that the release was trained on has learnt its row `[μ, θ]`. A new one has no outcomes yet, so
 * it is placed by what is public: its row is Gaussian a priori, as the trained rows are distributed, and
 * every benchmark score is one noisy linear measurement of it (anchor), which updates mean and
 * covariance in closed form. A model without any usable anchor gets the score that its edition of the
 * catalogue leads one to expect (`expectedScores`), as a measurement as wide as such expectations err.
 * So every placement is shrunk to the prior by as much as its evidence is weak. Outcomes of one's own,
 * once there are some, move it from there: that is `npm run onboard`, which writes the row into the
 * catalogue.
 *
 * Sources: UniRoute 2502.08773 and IRT-Router 2506.01048 (placing unseen models); Kalman's update.
 */
import type { CatalogModel } from "./catalog.ts";
import { COMMON_BENCHMARK, expectedScores, logit, type Expectation } from "./expected-score.ts";
import type { Manifest } from "./manifest.ts";
import { log } from "./portable-math.ts";
import type { PanelModel } from "./scorer.ts";

/** Deviation, in logits, of a published score: they differ from run to run and from prompt style to prompt style. */
export const PUBLISHED_DEVIATION = 0.25;

/** What is believed of a model's row: a Gaussian. */
export interface Place {
  /** `[bias, θ...]`, 1 + abilityWidth numbers. */
  readonly mean: readonly number[];
  /** Row-major, the square of that. */
  readonly covariance: Float64Array;
}

/** What a place rests on, the strongest evidence first. */
export type Evidence = "ability" | "trained" | "anchors" | "edition" | "prior";

/** One score on a benchmark: an accuracy in 0..1. */
export interface Score {
  readonly benchmark: string;
  readonly score: number;
  /** In logits, where nobody measured it: it follows from price or another benchmark. */
  readonly expectedError?: number;
}

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
 * Every catalogue model, by the strongest evidence there is: a row in the catalogue that was found for
 * this very graph, a trained row under its very id, its anchors, what its edition suggests. A trained
 * model of a like name is no evidence: sources grade on scales of their own, and rows of unconnected
 * sets do not compare.
 */
export function placeCatalog(manifest: Manifest, models: readonly CatalogModel[]): PanelModel[] {
  const expected = expectedScores(models);
  return models.map((model) => {
    const ability =
      knownRow(manifest, model)?.row ?? placeByScores(manifest, scoresOf(model, expected)).mean;
    return {
      id: model.id,
      ability,
      logTokensOffset: log(model.outputTokensFactor),
      standing: standingOf(manifest, ability),
    };
  });
}

/** What `placeCatalog` goes by for this model. */
export function evidenceOf(
  manifest: Manifest,
  model: CatalogModel,
  expected: ReadonlyMap<string, Expectation>,
): Evidence {
  const known = knownRow(manifest, model);
  if (known !== undefined) return known.evidence;
  const [first] = usableScores(manifest, scoresOf(model, expected));
  if (first === undefined) return "prior";
  return first.expectedError === undefined ? "anchors" : "edition";
}

/** The public scores of a model, or else the one that its edition suggests, if any. */
export function scoresOf(model: CatalogModel, expected: ReadonlyMap<string, Expectation>): Score[] {
  const one = expected.get(model.id);
  return [
    ...model.anchors.map(({ benchmark, score }) => ({ benchmark, score })),
    ...(one === undefined
      ? []
      : [{ benchmark: COMMON_BENCHMARK, score: one.score, expectedError: one.error }]),
  ];
}

/**
 * The prior, moved by every score that the release can read; by expected ones only where it can read no
 * other, and never trusting those more. The order of the scores does not matter.
 */
export function placeByScores(manifest: Manifest, scores: readonly Score[]): Place {
  const { placement } = manifest;
  const width = placement.mean.length;
  const mean = [...placement.mean];
  const covariance = Float64Array.from(placement.covariance);
  for (const { benchmark, score, expectedError = 0 } of usableScores(manifest, scores)) {
    const anchor = placement.anchors[benchmark]!;
    const deviation = Math.max(expectedError, PUBLISHED_DEVIATION);
    const direction = Array.from({ length: width }, (_, i) =>
      dot(covariance.subarray(i * width, (i + 1) * width), anchor.gradient),
    );
    const noise = anchor.deviation * anchor.deviation + deviation * deviation;
    const variance = dot(anchor.gradient, direction) + noise;
    const surprise = logit(score) - anchor.intercept - dot(anchor.gradient, mean);
    for (let i = 0; i < width; i++) {
      mean[i]! += (direction[i]! * surprise) / variance;
      for (let j = 0; j < width; j++)
        covariance[i * width + j]! -= (direction[i]! * direction[j]!) / variance;
    }
  }
  return { mean, covariance };
}

/** The expected logit over the training traffic. */
export function standingOf({ placement }: Manifest, ability: readonly number[]): number {
  return dot(placement.demand, ability) - placement.difficulty;
}

function usableScores({ placement }: Manifest, scores: readonly Score[]): readonly Score[] {
  const known = scores.filter(({ benchmark }) => Object.hasOwn(placement.anchors, benchmark));
  const published = known.filter(({ expectedError }) => expectedError === undefined);
  return published.length > 0 ? published : known;
}

/** A row that rests on outcomes. Abilities mean something only together with the graph that asks for them. */
function knownRow(
  { files, models }: Manifest,
  { id, ability }: CatalogModel,
): { row: readonly number[]; evidence: Evidence } | undefined {
  if (ability !== undefined && files.model.sha256.startsWith(ability.graph))
    return { row: ability.row, evidence: "ability" };
  const trained = Object.hasOwn(models, id) ? models[id] : undefined;
  return trained && { row: trained.ability, evidence: "trained" };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
