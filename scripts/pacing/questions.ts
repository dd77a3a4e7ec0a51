/**
 * A set's questions as requests to be routed: what the release expects of each model, by the code that serves, and
 * what each model really gave and cost, by the source's own records.
 *
 * Models and the zero router's corners are chosen by training rows, questions are valid ones. A question counts
 * where every model has a score and a cost.
 */
import { trainedPanel } from "../../router-models/placement.ts";
import type { Release } from "../../router-models/release.ts";
import type { Candidate } from "../../worker/domain/decision.ts";
import { trainedCatalog } from "../dataset/trained-catalog.ts";
import type { PriceSources } from "../evaluation/costs.ts";
import { zeroRouterModels } from "../evaluation/frontier.ts";
import type { LoadedSet } from "../evaluation/loaded-set.ts";
import { withGraph } from "../evaluation/onnx-graph.ts";
import { scoreRows } from "../evaluation/router-scores.ts";
import { rowCandidates } from "../evaluation/row-candidates.ts";
import { costsIn, setModels } from "../evaluation/set-models.ts";

/** What a call of a model gave. */
export interface Outcome {
  /** 0..1 */
  readonly quality: number;
  readonly costMicroUsd: number;
}

export interface Question {
  /** What the router expects, in the order of the set's models. */
  readonly candidates: readonly Candidate[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export interface QuestionSet {
  readonly name: string;
  readonly questions: readonly Question[];
  /** The best single model. */
  readonly strongest: string;
  /** The models that the zero router mixes. */
  readonly zeroRouter: readonly string[];
}

/** Rejects where the release does not answer as it must, or fewer than two models of the set have costs. */
export async function questionsOf(
  { name, rows }: LoadedSet,
  release: Release,
  prices: PriceSources,
): Promise<QuestionSet> {
  const { manifest } = release;
  const learnt = rows.filter(({ split }) => split === "train");
  const known = setModels(learnt, { name, prices }, (model) => model in manifest.models);
  const models = known.models.filter(({ costUsd }) => costUsd !== undefined);
  if (models.length < 2)
    throw new Error(
      `${name}: pacing needs two models whose costs are known, it has ${models.length}`,
    );
  const ids = models.map(({ model }) => model);
  const costOf = costsIn({ name, prices });
  const examined = rows.filter(({ split }) => split === "valid");
  const forecasts = await withGraph(release, (graph) =>
    scoreRows(examined, { manifest, panel: trainedPanel(manifest), graph }),
  );
  const catalog = trainedCatalog(manifest).filter(({ id }) => ids.includes(id));
  const questions = examined.flatMap((row): Question[] => {
    const outcomes = ids.flatMap((model): [string, Outcome][] => {
      const [quality, costUsd] = [row.scores[model], costOf(row, model)];
      if (quality === undefined || costUsd === undefined) return [];
      return [[model, { quality, costMicroUsd: Math.ceil(costUsd * 1e6) }]];
    });
    if (outcomes.length < ids.length) return [];
    const candidates = rowCandidates(forecasts.get(row)!, catalog);
    return [{ candidates, outcomes: new Map(outcomes) }];
  });
  const points = models.map(({ quality, costUsd }) => ({ quality, cost: costUsd! }));
  const best = models.toSorted((a, b) => b.quality - a.quality || a.costUsd! - b.costUsd!)[0]!;
  return {
    name,
    questions,
    strongest: best.model,
    zeroRouter: zeroRouterModels(points).map((m) => ids[m]!),
  };
}
