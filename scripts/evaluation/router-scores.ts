/**
 * The router under evaluation, asked about rows of outcome files.
 *
 * Its opinion comes from the scorer that serves, over a panel of models under the names that the data
 * gives them. What it expects a call to cost is its forecast of the tokens times a price: the
 * one at which the evaluation counts costs where there is one, else the price that the release fitted to
 * the source's costs. Where a release had to assume a price, the model's mean cost over training rows
 * is used, as for the controls.
 */
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import {
  Scorer,
  type Forecast,
  type GraphRunner,
  type PanelModel,
} from "../../router-models/scorer.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import type { Estimator, MeanCosts } from "./controls.ts";
import { tokensCostUsd, type Price } from "./costs.ts";

/** Forecasts by row. */
export type Forecasts = ReadonlyMap<OutcomeRow, Forecast>;

export interface Scoring {
  readonly manifest: Manifest;
  /** The models asked about, with their places. */
  readonly panel: readonly PanelModel[];
  readonly graph: GraphRunner;
  /** Called after each row. */
  readonly onRow?: () => void;
}

/** Scores every row over the models of the panel. */
export async function scoreRows(
  rows: readonly OutcomeRow[],
  { manifest, panel, graph, onRow }: Scoring,
): Promise<Forecasts> {
  const scorer = new Scorer(manifest, panel);
  const forecasts = new Map<OutcomeRow, Forecast>();
  for (const row of rows) {
    forecasts.set(row, await scorer.score(promptOfText(row.prompt), graph));
    onRow?.();
  }
  return forecasts;
}

/** What the router needs beside its forecasts to name a cost. */
export interface CostKnowledge {
  readonly manifest: Manifest;
  /** The price at which the evaluation counts a model's tokens, if it counts by price. */
  readonly priceOf: (model: string) => Price | undefined;
  readonly meanCosts: MeanCosts;
}

/** The router as an estimator. Asked about a row or model that it has not scored, it answers NaN. */
export function routerEstimator(
  forecasts: Forecasts,
  { manifest, priceOf, meanCosts }: CostKnowledge,
): Estimator {
  const byModel = new Map(
    [...forecasts].map(([row, { models }]) => [row, new Map(models.map((m) => [m.id, m]))]),
  );
  return {
    quality: (row, model) => byModel.get(row)?.get(model)?.score ?? NaN,
    costUsd(row, model) {
      const trained = manifest.models[model]?.price;
      const price = priceOf(model) ?? (trained?.source === "assumed" ? undefined : trained);
      const outTokens = byModel.get(row)?.get(model)?.outputTokensP50;
      const inTokens = forecasts.get(row)?.inputTokens;
      if (price === undefined || outTokens === undefined || inTokens === undefined)
        return meanCosts.get(model) ?? NaN;
      return tokensCostUsd({ inTokens, outTokens }, price);
    },
  };
}
