/**
 * Embeddings: a request is checked, carried out, metered and answered, by whoever embedding-choice.ts names, in
 * that order, and in rounds as chats are (rounds.ts).
 */
import { inputsOf, type EmbeddingModel } from "../domain/embedding.ts";
import type { RouterError } from "../domain/errors.ts";
import { costMicroUsd } from "../domain/money.ts";
import type { UpstreamCompletion, UpstreamFailure } from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import { exhausted, hungUp, refused } from "./attempt-errors.ts";
import {
  chooseEmbedder,
  type EmbeddingCandidate,
  type EmbeddingChoice,
  type EmbeddingWish,
} from "./embedding-choice.ts";
import { upstreamNameOf } from "./model-name.ts";
import type { Deps, RequestTag } from "./ports.ts";
import { nextRound, type Failed } from "./rounds.ts";
import { MAX_REPORTED_TOKENS } from "./usage.ts";

interface EmbedOrder extends EmbeddingWish {
  readonly tag: RequestTag;
  /** The client's; its abort ends the attempt under way. */
  readonly signal: AbortSignal;
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
  const choice = chooseEmbedder(order, deps);
  if (policy.dry_run) return { kind: "dry", choice, upstreamMs: 0 };
  const startedMs = deps.clock.nowMs();
  const { model, completion, count, spentMicroUsd } = await new Attempts(choice, order, deps).run();
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

class Attempts {
  readonly #choice: EmbeddingChoice;
  readonly #order: EmbedOrder;
  readonly #deps: Deps;
  /** By model, the latest failure last. */
  readonly #failed = new Map<string, Failed<EmbeddingCandidate>>();
  #count = 0;
  #spentMicroUsd = 0;

  constructor(choice: EmbeddingChoice, order: EmbedOrder, deps: Deps) {
    this.#choice = choice;
    this.#order = order;
    this.#deps = deps;
  }

  /** Throws RouterError, after what was spent in vain is settled. */
  async run(): Promise<Success> {
    const { signal } = this.#order;
    const { clock, pause, random } = this.#deps;
    const deadlineMs = this.#deadlineMs();
    let queue: readonly EmbeddingCandidate[] = this.#choice.attempts;
    for (let rounds = 1; ; rounds++) {
      const success = await this.#walk(queue);
      if (success !== undefined) return success;
      const failed = [...this.#failed.values()];
      const time = { rounds, nowMs: clock.nowMs(), deadlineMs, jitter: random() };
      const next = nextRound(failed, time);
      if (next === undefined) {
        throw this.#settled(exhausted(failed, this.#count), this.#choice.attempts[0].model);
      }
      await pause(next.waitMs, signal);
      queue = next.candidates;
    }
  }

  async #walk(queue: readonly EmbeddingCandidate[]): Promise<Success | undefined> {
    for (const candidate of queue) {
      const { model } = candidate;
      const outcome = await this.#call(model);
      this.#count += outcome.calls;
      if (outcome.kind === "stream") throw new Error("Embeddings came as a stream");
      if (outcome.kind === "completion")
        return {
          model,
          completion: outcome,
          count: this.#count,
          spentMicroUsd: this.#spentMicroUsd,
        };
      this.#takeFailure(candidate, outcome, outcome.calls);
    }
    return undefined;
  }

  async #call(model: EmbeddingModel) {
    const { request, signal, tag } = this.#order;
    const { dispatch, clock, log } = this.#deps;
    const startedMs = clock.nowMs();
    const outcome = await dispatch({
      operation: "embeddings",
      model: model.id,
      upstreamModel: upstreamNameOf(model),
      request,
      hasBase64: model.capabilities.includes("base64"),
      signal,
      timeoutMs: Math.max(this.#deadlineMs() - startedMs, 0),
    });
    if (outcome.kind === "failure" && outcome.reason !== "aborted")
      log.write("warn", "attempt_failed", {
        request_id: tag.id,
        model: model.id,
        reason: outcome.reason,
        status: outcome.status,
        duration_ms: clock.nowMs() - startedMs,
      });
    return outcome;
  }

  #takeFailure(candidate: EmbeddingCandidate, failure: UpstreamFailure, calls: number): void {
    const { model, costMicroUsd: cost } = candidate;
    const isLeft = failure.reason === "aborted";
    if (failure.mayBeBilled || (isLeft && calls > 0)) this.#spentMicroUsd += cost;
    const atMs = this.#deps.clock.nowMs();
    this.#failed.delete(model.id);
    this.#failed.set(model.id, { model: model.id, candidate, failure, atMs });
    if (!isLeft && failure.isRetryable) return;
    throw this.#settled(isLeft ? hungUp() : refused(failure), model);
  }

  /** The error, after a line of charge for what was spent in vain. */
  #settled(error: RouterError, model: EmbeddingModel): RouterError {
    error.spentMicroUsd = this.#spentMicroUsd;
    if (this.#spentMicroUsd === 0) return error;
    const { inputTokens: tokens } = this.#choice;
    const ending = this.#order.signal.aborted ? "cancelled" : "broken";
    const charge = { model, count: this.#count, tokens, isEstimate: true, ending } as const;
    settle({ ...charge, costMicroUsd: this.#spentMicroUsd }, this.#order, this.#deps);
    return error;
  }

  #deadlineMs(): number {
    return this.#order.tag.startedMs + this.#deps.totalTimeoutMs;
  }
}

function reportedTokens(usage: unknown): number | undefined {
  const tokens = isRecord(usage) ? usage["prompt_tokens"] : undefined;
  const isCount = typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 0;
  return isCount && tokens <= MAX_REPORTED_TOKENS ? tokens : undefined;
}
