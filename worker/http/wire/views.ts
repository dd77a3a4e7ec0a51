/**
 * Our own JSON: a decision as `/v1/route` shows it, and catalogue models as `/v1/models` lists them.
 *
 * Inside, money is whole micro-dollars; outside it is US dollars, in fields that say so. A model's entry
 * is OpenAI's and Anthropic's in one, since both ask at the same path, with what neither has added to it.
 */
import type { Assurance, Candidate } from "../../domain/decision.ts";
import type { EmbeddingModel } from "../../domain/embedding.ts";
import type { Rates } from "../../domain/money.ts";
import { vendorOf } from "../../domain/upstream.ts";
import type { EmbeddingChoice } from "../../pipeline/embedding-choice.ts";
import { AUTO_NAMES } from "../../pipeline/model-name.ts";
import type { CatalogModel } from "../../pipeline/ports.ts";
import type { Route } from "../../pipeline/route.ts";
import type {
  CandidateView,
  CertificateView,
  ModelListView,
  ModelView,
  RouteView,
} from "./view-schemas.ts";

/** The decision without the call. */
export function routeView(id: string, { forecast, decision, weights, grounds }: Route): RouteView {
  const { lifts, caution } = grounds.lesson;
  return {
    id,
    object: "route",
    model: decision.attempts[0]!.model,
    reason: decision.reason,
    weights,
    difficulty: forecast.difficulty,
    task: forecast.task,
    input_tokens: forecast.inputTokens,
    reference: decision.reference.model,
    ...(decision.floor !== undefined && { floor: decision.floor }),
    ...(decision.assurance !== undefined && { certificate: certificateView(decision.assurance) }),
    ...(caution > 0 && { caution }),
    lambda: decision.lambda,
    ...(decision.qualityPerUsd !== undefined && { quality_per_usd: decision.qualityPerUsd }),
    ...(decision.mostMicroUsd !== undefined && { max_held_usd: decision.mostMicroUsd / 1e6 }),
    attempts: decision.attempts.map(({ model }) => model),
    models: decision.candidates.map((candidate) =>
      candidateView(candidate, {
        lift: lifts.get(candidate.model),
        propensity: decision.propensities?.get(candidate.model),
      }),
    ),
    excluded: [...decision.excluded],
  };
}

/** Whether the floor is proven, what was, and where it is not proven here, why. */
function certificateView({ doubt, proof }: Assurance): CertificateView {
  return {
    certified: doubt === undefined,
    ...(doubt !== undefined && { why_not: doubt }),
    ...(proof !== undefined && {
      floor: proof.floor,
      confidence: proof.confidence,
      n: proof.rows,
      margin: proof.margin,
      ...(proof.task !== undefined && { task: proof.task }),
    }),
  };
}

function candidateView(
  candidate: Candidate,
  { lift, propensity }: { lift: number | undefined; propensity: number | undefined },
): CandidateView {
  return {
    model: candidate.model,
    score: candidate.score,
    ...(lift !== undefined && { lift }),
    ...(propensity !== undefined && { propensity }),
    cost_p50_usd: candidate.costP50MicroUsd / 1e6,
    cost_p90_usd: candidate.costP90MicroUsd / 1e6,
    ttft_ms: candidate.ttftMs,
    latency_ms: candidate.latencyMs,
    latency_p90_ms: candidate.latencyP90Ms,
  };
}

/** The list: the names that leave the choice to the router, then the models. */
export function modelListView(
  models: readonly CatalogModel[],
  embeddings: readonly EmbeddingModel[],
): ModelListView {
  const data = [
    ...AUTO_NAMES.map(autoView),
    ...models.map(modelView),
    ...embeddings.map(embeddingModelView),
  ];
  const [first, last] = [data[0]!.id, data.at(-1)!.id];
  return { object: "list", data, has_more: false, first_id: first, last_id: last };
}

/** @param released The month, as YYYY-MM; its first day stands for it, and 1970 for an unknown one. */
function entryOf(id: string, ownedBy: string, { name = id, released = "1970-01" }) {
  const createdMs = Date.parse(`${released}-01`);
  return {
    id,
    object: "model",
    created: createdMs / 1000,
    owned_by: ownedBy,
    type: "model",
    display_name: name,
    created_at: new Date(createdMs).toISOString(),
  } as const;
}

/** One entry of the list. */
export function modelView(model: CatalogModel): ModelView {
  const { price } = model;
  return {
    ...entryOf(model.id, vendorOf(model.id), model),
    kind: "chat",
    name: model.name,
    context_tokens: model.contextTokens,
    max_output_tokens: model.maxOutputTokens,
    capabilities: model.capabilities,
    price: {
      ...ratesView(price),
      ...(price.longPrompts !== undefined && {
        long_prompts: {
          above_tokens: price.longPrompts.aboveTokens,
          ...ratesView(price.longPrompts),
        },
      }),
    },
  };
}

function ratesView(rates: Rates) {
  const {
    cachedInputUsdPerMTok: cached,
    cacheWriteUsdPerMTok: write,
    cacheWriteHourUsdPerMTok: writeHour,
  } = rates;
  return {
    input_usd_per_mtok: rates.inputUsdPerMTok,
    output_usd_per_mtok: rates.outputUsdPerMTok,
    ...(cached !== undefined && { cached_input_usd_per_mtok: cached }),
    ...(write !== undefined && { cache_write_usd_per_mtok: write }),
    ...(writeHour !== undefined && { cache_write_1h_usd_per_mtok: writeHour }),
  };
}

/** An entry of the list for a model that makes vectors. */
export function embeddingModelView(model: EmbeddingModel): ModelView {
  return {
    ...entryOf(model.id, vendorOf(model.id), { name: model.name }),
    kind: "embedding",
    name: model.name,
    context_tokens: model.contextTokens,
    dimensions: model.dimensions,
    capabilities: model.capabilities,
    price: { input_usd_per_mtok: model.price.inputUsdPerMTok },
    ...(model.sameVectorsAs !== undefined && { same_vectors_as: model.sameVectorsAs }),
  };
}

/** An entry of the list for `auto` and its presets. */
export function autoView(name: string): ModelView {
  return { ...entryOf(name, "sluice", {}), kind: "chat" };
}

/** Who would serve a request for embeddings, without the call. */
export function embeddingRouteView(
  id: string,
  { attempts, excluded, inputTokens }: EmbeddingChoice,
) {
  return {
    id,
    object: "route",
    model: attempts[0].model.id,
    reason: "pinned",
    input_tokens: inputTokens,
    attempts: attempts.map(({ model }) => model.id),
    models: attempts.map(({ model, costMicroUsd }) => ({
      model: model.id,
      cost_usd: costMicroUsd / 1e6,
    })),
    excluded,
  };
}
