/**
 * Our own JSON: a decision as `/v1/route` shows it, and catalogue models as `/v1/models` lists them.
 *
 * Inside, money is whole micro-dollars; outside it is US dollars, in fields that say so. A model's entry
 * is OpenAI's, with what they do not have added to it.
 */
import type { Assurance, Candidate } from "../../domain/decision.ts";
import type { EmbeddingModel } from "../../domain/embedding.ts";
import { vendorOf } from "../../domain/upstream.ts";
import type { Answer } from "../../pipeline/complete.ts";
import type { EmbeddingChoice } from "../../pipeline/embed.ts";
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

type WholeAnswer = Extract<Answer, { kind: "whole" }>;

/** The decision without the call. */
export function routeView(id: string, { forecast, decision, weights }: Route): RouteView {
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
    lambda: decision.lambda,
    attempts: decision.attempts.map(({ model }) => model),
    models: decision.candidates.map(candidateView),
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

function candidateView(candidate: Candidate): CandidateView {
  return {
    model: candidate.model,
    score: candidate.score,
    cost_p50_usd: candidate.costP50MicroUsd / 1e6,
    cost_p90_usd: candidate.costP90MicroUsd / 1e6,
    ttft_ms: candidate.ttftMs,
    latency_ms: candidate.latencyMs,
    latency_p90_ms: candidate.latencyP90Ms,
  };
}

/** What an answer cost and who gave it, as a stream's last chunk has it. */
export function receiptView({ bill, answeredBy, attemptCount }: WholeAnswer) {
  return {
    cost_usd: bill.costMicroUsd / 1e6,
    saved_usd: bill.savedMicroUsd / 1e6,
    model: answeredBy.model,
    attempts: attemptCount,
  };
}

/** OpenAI's list: the names that leave the choice to the router, then the models. */
export function modelListView(
  models: readonly CatalogModel[],
  embeddings: readonly EmbeddingModel[],
): ModelListView {
  const data = [
    ...AUTO_NAMES.map(autoView),
    ...models.map(modelView),
    ...embeddings.map(embeddingModelView),
  ];
  return { object: "list", data };
}

/** One entry of the list. `created` is the first day of the month of release, in seconds; 0 if unknown. */
export function modelView(model: CatalogModel): ModelView {
  const { price } = model;
  return {
    id: model.id,
    object: "model",
    created: model.released === undefined ? 0 : Date.parse(`${model.released}-01`) / 1000,
    owned_by: vendorOf(model.id),
    kind: "chat",
    name: model.name,
    context_tokens: model.contextTokens,
    max_output_tokens: model.maxOutputTokens,
    capabilities: model.capabilities,
    price: {
      input_usd_per_mtok: price.inputUsdPerMTok,
      output_usd_per_mtok: price.outputUsdPerMTok,
      ...(price.cachedInputUsdPerMTok !== undefined && {
        cached_input_usd_per_mtok: price.cachedInputUsdPerMTok,
      }),
      ...(price.cacheWriteUsdPerMTok !== undefined && {
        cache_write_usd_per_mtok: price.cacheWriteUsdPerMTok,
      }),
    },
  };
}

/** An entry of the list for a model that makes vectors. */
export function embeddingModelView(model: EmbeddingModel): ModelView {
  return {
    id: model.id,
    object: "model",
    created: 0,
    owned_by: vendorOf(model.id),
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
  return { id: name, object: "model", created: 0, owned_by: "sluice", kind: "chat" };
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
