/**
 * Forecast and catalogue joined: for every model that can serve the request, what it is expected to
 * give and to cost; for every other one, why not.
 *
 * Costs are rounded up to whole micro-dollars. The p90 is what a budget would reserve. Latency is what
 * earlier calls taught, and where nobody remembers any, what the catalogue says.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Forecast, ModelForecast } from "../../router-models/scorer.ts";
import type { Candidate, Excluded } from "../domain/decision.ts";
import { costMicroUsd, ratesFor } from "../domain/money.ts";
import type { ExpectedTokens } from "./latency-book.ts";
import { forecastLatency, type LatencyForecast } from "./latency.ts";
import { exclusionOf, type Choice, type Requirements } from "./requirements.ts";

export interface CandidateInput extends Choice {
  readonly catalog: readonly CatalogModel[];
  readonly forecast: Forecast;
  readonly needs: Requirements;
  /** What a call would take; by the catalogue alone where absent. */
  readonly latencyOf?: (model: CatalogModel, tokens: ExpectedTokens) => LatencyForecast;
}

export function buildCandidates(input: CandidateInput): {
  candidates: Candidate[];
  excluded: Excluded[];
} {
  const forecastOf = new Map(input.forecast.models.map((model) => [model.id, model]));
  const candidates: Candidate[] = [];
  const excluded: Excluded[] = [];
  for (const model of input.catalog) {
    const why = exclusionOf(model, input.needs, input);
    const forecast = forecastOf.get(model.id);
    if (forecast === undefined) throw new Error(`Cannot price ${model.id}: it has no forecast`);
    if (why === undefined) candidates.push(candidateOf(model, forecast, input));
    else excluded.push({ model: model.id, why });
  }
  return { candidates, excluded };
}

function candidateOf(
  model: CatalogModel,
  { score, standing, outputTokensP50, outputTokensP90 }: ModelForecast,
  { forecast, needs, latencyOf = latencyInCatalog }: CandidateInput,
): Candidate {
  const most = Math.min(needs.maxOutputTokens ?? Infinity, model.maxOutputTokens);
  const answers = needs.answers ?? 1;
  const p50 = Math.min(outputTokensP50, most);
  const p90 = Math.min(outputTokensP90, most);
  const { inputUsdPerMTok, outputUsdPerMTok } = ratesFor(model.price, forecast.inputTokens);
  const inputCost = costMicroUsd(forecast.inputTokens, inputUsdPerMTok);
  const tokens = { inputTokens: forecast.inputTokens, outputTokens: p50 };
  const { ttftMs, totalMs } = latencyOf(model, tokens);
  return {
    model: model.id,
    score,
    standing,
    outputTokensP50: p50,
    costP50MicroUsd: inputCost + costMicroUsd(answers * p50, outputUsdPerMTok),
    costP90MicroUsd: inputCost + costMicroUsd(answers * p90, outputUsdPerMTok),
    ttftMs: Math.round(ttftMs.p50),
    ttftP90Ms: Math.round(ttftMs.p90),
    latencyMs: Math.round(totalMs.p50),
    latencyP90Ms: Math.round(totalMs.p90),
  };
}

function latencyInCatalog({ latency }: CatalogModel, tokens: ExpectedTokens): LatencyForecast {
  return forecastLatency(latency, undefined, { ...tokens, recentCalls: 0, nowMs: 0 });
}
