/**
 * The models of a foreign set, placed among a router's abilities by their means alone.
 *
 * A router that has not learnt a set does not know its models, or knows some of them from sets that
 * graded differently. So each is placed by one measurement: at the demand that the set's prompts make on
 * average, its logit is that of its mean quality. The rest of its row is what the prior (the trained
 * rows' mean and covariance, in the manifest) makes likely of a model of such strength. The router's
 * opinion of a prompt then comes from the prompt: from what it demands, and how hard it is.
 *
 * Sources: UniRoute 2502.08773 (unseen models); Gaussian conditioning on one exact linear measurement.
 */
import type { Manifest } from "../../router-models/manifest.ts";
import type { GraphRunner, PanelModel } from "../../router-models/scorer.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { demandsOf } from "../onboarding/demand.ts";
import { dot, times } from "../onboarding/probes.ts";
import type { ModelSummary } from "./pair.ts";

/** Prompts asked for the mean demand; more would take time and move nothing. */
const SAMPLE = 300;
/** A mean of 0 or 1 has no finite logit. */
const LEAST = 0.01;

/** One panel row for each model, in order. The prompts' outcomes are not looked at. */
export async function placeByMeans(
  models: readonly ModelSummary[],
  rows: readonly OutcomeRow[],
  router: { manifest: Manifest; graph: GraphRunner },
): Promise<PanelModel[]> {
  const { mean, covariance } = router.manifest.placement;
  const { demand, difficulty } = await meanDemand(rows, router);
  const pull = times(Float64Array.from(covariance), demand);
  const variance = dot(demand, pull);
  return models.map(({ model, quality }) => {
    const p = Math.min(Math.max(quality, LEAST), 1 - LEAST);
    const surprise = Math.log(p / (1 - p)) + difficulty - dot(demand, mean);
    return {
      id: model,
      ability: mean.map((m, i) => m + (variance > 0 ? (pull[i]! * surprise) / variance : 0)),
      logTokensOffset: 0,
      standing: 0,
    };
  });
}

async function meanDemand(
  rows: readonly OutcomeRow[],
  router: { manifest: Manifest; graph: GraphRunner },
): Promise<{ demand: number[]; difficulty: number }> {
  const every = Math.max(Math.ceil(rows.length / SAMPLE), 1);
  const asked = rows.filter((_, r) => r % every === 0).map(({ prompt }) => prompt);
  const demands = await demandsOf(asked, router);
  return {
    demand: router.manifest.placement.mean.map(
      (_, k) => demands.reduce((sum, { demand }) => sum + demand[k]!, 0) / demands.length,
    ),
    difficulty: demands.reduce((sum, { difficulty }) => sum + difficulty, 0) / demands.length,
  };
}
