/**
 * Embeddings: a request is checked, carried out, metered and answered.
 *
 * Nothing is chosen by quality here. A vector means something only beside others of the same model, so a
 * router that picked one per request would spoil the client's index: `auto` is refused. What is left to
 * choose is who serves the model. A name with its vendor (`openai/text-embedding-3-small`) pins that
 * vendor; the bare name leaves it open among all whose vectors are the very same, cheapest first, and
 * that list is the fallback chain.
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
import { vendorOf, type UpstreamCompletion } from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import { exhausted, hungUp, refused, type FailedModel } from "./attempt-errors.ts";
import { AUTO_NAMES, findNamed, parseModelName, upstreamNameOf } from "./model-name.ts";
import type { Deps, RequestTag } from "./ports.ts";
import { noKeyFor, requireSomeKey } from "./route.ts";
import { countTokens } from "./token-count.ts";
import { MAX_REPORTED_TOKENS } from "./usage.ts";

interface EmbedOrder {
  readonly request: EmbeddingRequest;
  readonly policy: Policy;
  readonly tag: RequestTag;
  /** The client's; its abort ends the attempt under way. */
  readonly signal: AbortSignal;
}

/** A model that may serve the request, and what that is expected to cost. */
interface EmbeddingCandidate {
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

interface Frame {
  readonly choice: EmbeddingChoice;
  /** Milliseconds until the vendor had answered. */
  readonly upstreamMs: number;
}

/** The vendor's vectors, or the choice alone where the client asked for no more. */
export type EmbeddingAnswer =
  | (Frame & { readonly kind: "dry" })
  | (Frame & {
      readonly kind: "whole";
      readonly text: string;
      readonly model: string;
      readonly attemptCount: number;
      readonly costMicroUsd: number;
    });

/**
 * Answers a request for embeddings. Throws RouterError: 400 for `auto` and for what no vendor of the model
 * can do, 404 for a model that does not exist or has no key, 429, 502 or 504 when all attempts have failed.
 */
export async function embed(order: EmbedOrder, deps: Deps): Promise<EmbeddingAnswer> {
  const { policy } = order;
  const choice = choose(order, deps);
  if (policy.dry_run) return { kind: "dry", choice, upstreamMs: 0 };
  const startedMs = deps.clock.nowMs();
  const { model, completion, count, spentMicroUsd } = await ask(choice, order, deps);
  const reported = reportedTokens(completion.body["usage"]);
  const tokens = reported ?? choice.inputTokens;
  const cost = costMicroUsd(tokens, model.price.inputUsdPerMTok) + spentMicroUsd;
  const isEstimate = reported === undefined;
  const charge: Charge = {
    model,
    count,
    tokens,
    isEstimate,
    costMicroUsd: cost,
    ending: "complete",
  };
  settle(charge, order, deps);
  return {
    kind: "whole",
    choice,
    text: completion.text,
    model: model.id,
    attemptCount: count,
    costMicroUsd: cost,
    upstreamMs: deps.clock.nowMs() - startedMs,
  };
}

interface Charge {
  readonly model: EmbeddingModel;
  readonly count: number;
  readonly tokens: number;
  readonly isEstimate: boolean;
  readonly costMicroUsd: number;
  readonly ending: "complete" | "broken" | "cancelled";
}

/** The one line of charge that a request has. */
function settle(
  { model, count, tokens, isEstimate, costMicroUsd: cost, ending }: Charge,
  { request, tag }: EmbedOrder,
  { log, clock }: Pick<Deps, "log" | "clock">,
): void {
  log.write(ending === "broken" ? "warn" : "info", "embeddings", {
    request_id: tag.id,
    model: model.id,
    attempts: count,
    ending,
    inputs: inputsOf(request).length,
    input_tokens: tokens,
    is_usage_estimated: isEstimate,
    cost_micro_usd: cost,
    duration_ms: clock.nowMs() - tag.startedMs,
  });
}

interface Success {
  readonly model: EmbeddingModel;
  readonly completion: UpstreamCompletion;
  /** Calls made, the one that answered included. */
  readonly count: number;
  /** What calls that broke off may have cost, estimated. */
  readonly spentMicroUsd: number;
}

async function ask(
  { attempts, inputTokens: tokens }: EmbeddingChoice,
  order: EmbedOrder,
  deps: Pick<Deps, "dispatch" | "clock" | "log" | "totalTimeoutMs">,
): Promise<Success> {
  const { request, signal, tag } = order;
  const { dispatch, clock, log, totalTimeoutMs } = deps;
  const failed: FailedModel[] = [];
  let count = 0;
  let spentMicroUsd = 0;
  function settleInVain(model: EmbeddingModel, ending: Charge["ending"]): void {
    if (spentMicroUsd === 0) return;
    const charge = { model, count, tokens, isEstimate: true, costMicroUsd: spentMicroUsd, ending };
    settle(charge, order, deps);
  }
  for (const { model, costMicroUsd: cost } of attempts) {
    const startedMs = clock.nowMs();
    const outcome = await dispatch({
      operation: "embeddings",
      model: model.id,
      upstreamModel: upstreamNameOf(model),
      request,
      hasBase64: model.capabilities.includes("base64"),
      signal,
      timeoutMs: Math.max(tag.startedMs + totalTimeoutMs - startedMs, 0),
    });
    count += outcome.calls;
    if (outcome.kind === "completion") return { model, completion: outcome, count, spentMicroUsd };
    if (outcome.kind === "stream") throw new Error("Embeddings came as a stream");
    const isLeft = outcome.reason === "aborted";
    if (!isLeft)
      log.write("warn", "attempt_failed", {
        request_id: tag.id,
        model: model.id,
        reason: outcome.reason,
        status: outcome.status,
        duration_ms: clock.nowMs() - startedMs,
      });
    if (outcome.mayBeBilled || (isLeft && outcome.calls > 0)) spentMicroUsd += cost;
    failed.push({ model: model.id, failure: outcome });
    if (!isLeft && outcome.isRetryable) continue;
    settleInVain(model, isLeft ? "cancelled" : "broken");
    throw isLeft ? hungUp() : refused(outcome);
  }
  settleInVain(attempts[0].model, "broken");
  throw exhausted(failed, count);
}

function choose({ request, policy }: EmbedOrder, deps: Deps): EmbeddingChoice {
  const named = requireEmbeddingModel(request.model, deps);
  requireTimeless(policy);
  requireSomeKey(deps);
  const inputs = inputsOf(request);
  const inputTokens = tokensOf(inputs);
  const attempts: EmbeddingCandidate[] = [];
  const excluded: { model: string; why: EmbeddingExclusion }[] = [];
  for (const model of serversOf(named, request.model, deps.embeddings)) {
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

function requireEmbeddingModel(name: string, { embeddings, scorer }: Deps): EmbeddingModel {
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

/** How long embeddings take is not learnt, so what asks for a prediction cannot be kept. */
function requireTimeless(policy: Policy): void {
  for (const param of ["max_latency_ms", "hedge"] as const)
    if (policy[param] !== undefined)
      throw new RouterError(
        "invalid_request_error",
        `${param}: how long embeddings take is not predicted; leave it out`,
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

function reportedTokens(usage: unknown): number | undefined {
  const tokens = isRecord(usage) ? usage["prompt_tokens"] : undefined;
  const isCount = typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 0;
  return isCount && tokens <= MAX_REPORTED_TOKENS ? tokens : undefined;
}
