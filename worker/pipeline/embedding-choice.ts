/**
 * Who serves a request for embeddings. Nothing is chosen by quality here: a vector means something only beside
 * others of the same model, so a router that picked one per request would spoil the client's index, and
 * `auto` is refused. What is left to choose is the vendor. A name with its vendor
 * (`openai/text-embedding-3-small`) pins it; the bare name leaves it open among all whose vectors are the very
 * same, cheapest first, and that list is the fallback chain.
 *
 * A model that lacks what is asked for is left out with the reason. Lengths are not checked: there is no
 * roomier model to turn to, and the vendor, unlike an estimate, counts exactly.
 */
import {
  inputsOf,
  MAX_EMBEDDINGS_BYTES,
  type EmbeddingModel,
  type EmbeddingRequest,
} from "../domain/embedding.ts";
import { RouterError } from "../domain/errors.ts";
import { costMicroUsd, exceedsUsd } from "../domain/money.ts";
import type { Policy } from "../domain/policy.ts";
import { vendorOf } from "../domain/upstream.ts";
import { requireAllowed, withinAllowed, type AllowedModels } from "./allowed-models.ts";
import { AUTO_NAMES, findNamed, parseModelName } from "./model-name.ts";
import type { Deps } from "./ports.ts";
import { noKeyFor, requireSomeKey } from "./route.ts";
import { countTokens } from "./token-count.ts";

/** What a client asks: a checked body, and its knobs. */
export interface EmbeddingWish {
  readonly request: EmbeddingRequest;
  readonly policy: Policy;
  /** What the caller may use, whatever the policy says. */
  readonly allowed?: AllowedModels;
}

type ChoiceDeps = Pick<Deps, "embeddings" | "scorer" | "keys">;

/** A model that may serve the request, and what that is expected to cost. */
export interface EmbeddingCandidate {
  readonly model: EmbeddingModel;
  readonly costMicroUsd: number;
}

/** Why a model may not. */
type EmbeddingExclusion =
  | "not_allowed"
  | "no_vendor_key"
  | "fixed_dimensions"
  | "lacks_token_input"
  | "too_expensive"
  | "answer_too_large";

export interface EmbeddingChoice {
  /** Cheapest first, at least one. */
  readonly attempts: readonly [EmbeddingCandidate, ...EmbeddingCandidate[]];
  readonly excluded: readonly { readonly model: string; readonly why: EmbeddingExclusion }[];
  /** Estimated, save where the client sent tokens. */
  readonly inputTokens: number;
}

/**
 * Throws RouterError: 400 for `auto`, for a knob that cannot be kept and for what no vendor of the model can
 * do, 403 for what the caller may not use, 404 for a model that does not exist or has no key, 503 where the deployment has no key at all.
 */
export function chooseEmbedder(
  { request, allowed, ...wish }: EmbeddingWish,
  deps: ChoiceDeps,
): EmbeddingChoice {
  const named = requireEmbeddingModel(request.model, deps);
  const servers = serversOf(named, request.model, deps.embeddings);
  requireAllowed(servers, allowed);
  const policy = withinAllowed(wish.policy, allowed);
  requireNoPrediction(policy);
  requireSomeKey(deps);
  const inputs = inputsOf(request);
  const inputTokens = tokensOf(inputs);
  const attempts: EmbeddingCandidate[] = [];
  const excluded: { model: string; why: EmbeddingExclusion }[] = [];
  for (const model of servers) {
    const cost = costMicroUsd(inputTokens, model.price.inputUsdPerMTok);
    const why = exclusionOf(model, { request, inputs, policy, cost, keys: deps.keys });
    if (why !== undefined) excluded.push({ model: model.id, why });
    else attempts.push({ model, costMicroUsd: cost });
  }
  const [first, ...rest] = attempts.toSorted((a, b) => a.costMicroUsd - b.costMicroUsd);
  if (first !== undefined) return { attempts: [first, ...rest], excluded, inputTokens };
  if (excluded.every(({ why }) => why === "no_vendor_key")) throw noKeyFor(named.id, deps);
  throw noServer(excluded);
}

/** Whoever may serve a request for `named`, the model itself first. */
function serversOf(
  named: EmbeddingModel,
  asked: string,
  all: readonly EmbeddingModel[],
): EmbeddingModel[] {
  if (asked === named.id) return [named];
  const original = named.sameVectorsAs ?? named.id;
  return [named, ...all.filter((m) => m !== named && (m.sameVectorsAs ?? m.id) === original)];
}

type Inputs = ReturnType<typeof inputsOf>;

interface Wish {
  readonly request: EmbeddingRequest;
  readonly inputs: Inputs;
  readonly policy: Policy;
  readonly cost: number;
  readonly keys: Deps["keys"];
}

function exclusionOf(
  model: EmbeddingModel,
  { request, inputs, policy, cost, keys }: Wish,
): EmbeddingExclusion | undefined {
  const { allow_models: allowed, max_cost_usd: maxCostUsd } = policy;
  if (allowed !== undefined && !allowed.includes(model.id)) return "not_allowed";
  if (!keys.has(vendorOf(model.id))) return "no_vendor_key";
  const { capabilities } = model;
  if (typeof request.dimensions === "number" && !capabilities.includes("dimensions"))
    return "fixed_dimensions";
  const hasTokens = inputs.some((input) => typeof input !== "string");
  if (hasTokens && !capabilities.includes("tokens")) return "lacks_token_input";
  if (inputs.length > mostInputs(model, request)) return "answer_too_large";
  if (maxCostUsd !== undefined && exceedsUsd(cost, maxCostUsd)) return "too_expensive";
  return undefined;
}

/** How many vectors fit into an answer: a number takes some 13 characters, or a third of 16 as base64. */
function mostInputs(
  { dimensions, capabilities }: EmbeddingModel,
  request: EmbeddingRequest,
): number {
  const isShort = request.encoding_format === "base64" && capabilities.includes("base64");
  const bytesPerNumber = isShort ? 16 / 3 : 13;
  return Math.floor(MAX_EMBEDDINGS_BYTES / ((request.dimensions ?? dimensions) * bytesPerNumber));
}

function requireEmbeddingModel(name: string, { embeddings, scorer }: ChoiceDeps): EmbeddingModel {
  const some = embeddings.map(({ id }) => id).join(", ");
  if (parseModelName(name).kind === "auto")
    throw new RouterError(
      "invalid_request_error",
      `Name an embedding model (${some}) in place of ${AUTO_NAMES[0]}: vectors of two models cannot be ` +
        "compared, so an index needs the same one every time",
      { code: "auto_not_for_embeddings", param: "model" },
    );
  const model = findNamed(name, embeddings);
  if (model !== undefined) return model;
  const what =
    findNamed(name, scorer.catalog) === undefined
      ? `There is no embedding model ${JSON.stringify(name.slice(0, 100))}`
      : `${name} makes no embeddings; POST /v1/chat/completions asks it`;
  const details = { code: "model_not_found", param: "model" };
  throw new RouterError("not_found_error", `${what}. Embedding models are ${some}`, details);
}

/** Of embeddings nothing is predicted, so what asks for a prediction cannot be kept. */
function requireNoPrediction(policy: Policy): void {
  for (const param of ["max_latency_ms", "hedge", "weights"] as const)
    if (policy[param] !== undefined)
      throw new RouterError(
        "invalid_request_error",
        `${param}: of embeddings nothing is predicted; leave it out`,
        { code: "invalid_knob", param },
      );
}

function noServer(excluded: EmbeddingChoice["excluded"]): RouterError {
  const listed = excluded.map(({ model, why }) => `${model} ${why}`).join(", ");
  const [param, remedy] = REMEDIES[excluded[0]!.why];
  return new RouterError(
    "invalid_request_error",
    `No model can serve this request: ${listed}; ${remedy}`,
    { code: "no_candidate", param },
  );
}

const REMEDIES: Record<EmbeddingExclusion, readonly [param: string, remedy: string]> = {
  not_allowed: ["allow_models", "allow it, or name another"],
  no_vendor_key: ["model", "name one that GET /v1/models lists"],
  fixed_dimensions: ["dimensions", "leave `dimensions` out, or name another"],
  lacks_token_input: ["input", "send texts in place of tokens"],
  too_expensive: ["max_cost_usd", "send fewer inputs at once, or allow more"],
  answer_too_large: ["input", "send fewer inputs at once, or ask for base64"],
};

function tokensOf(inputs: Inputs): number {
  return inputs.reduce(
    (sum, input) => sum + (typeof input === "string" ? countTokens(input) : input.length),
    0,
  );
}
