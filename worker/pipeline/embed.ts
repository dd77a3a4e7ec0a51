/**
 * Embeddings: a request is checked, carried out, metered and answered, by whoever embedding-choice.ts names, in
 * that order, and in rounds as chats are (rounds.ts).
 */
import { inputsOf, type EmbeddingModel } from "../domain/embedding.ts";
import { RouterError } from "../domain/errors.ts";
import { costMicroUsd } from "../domain/money.ts";
import { sumOf, withCost, type Costs, type Purse } from "../domain/purse.ts";
import type { Standing } from "../domain/standing.ts";
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
import { observeCost } from "./pace.ts";
import type { Commission, Deps } from "./ports.ts";
import { nextRound, type Failed } from "./rounds.ts";
import { MAX_REPORTED_TOKENS } from "./usage.ts";

interface EmbedOrder extends EmbeddingWish, Commission {}

interface Frame {
  readonly choice: EmbeddingChoice;
  /** Milliseconds until the vendor had answered. */
  readonly upstreamMs: number;
  /** Of the caller's budgets and limits. */
  readonly standings: readonly Standing[];
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
 * can do, 404 for a model that does not exist or has no key, 402 and 429 where budgets and limits say no, 429, 502 or
 * 504 when all attempts have failed.
 */
export async function embed(order: EmbedOrder, deps: Deps): Promise<EmbeddingAnswer> {
  const purse = deps.purses.open(order.caller, order.tag.id);
  order.keepAlive(purse.closed);
  try {
    return await answer(order, purse, deps);
  } catch (error) {
    purse.settle(new Map(), 0); // Unless what was spent in vain has been settled already.
    if (error instanceof RouterError) error.standings = purse.standings();
    throw error;
  }
}

async function answer(order: EmbedOrder, purse: Purse, deps: Deps): Promise<EmbeddingAnswer> {
  const choice = chooseEmbedder(order, deps);
  if (order.policy.dry_run) {
    await purse.cover(new Map(), 0);
    purse.settle(new Map(), 0);
    return { kind: "dry", choice, upstreamMs: 0, standings: purse.standings() };
  }
  const paced = await deps.purses.paced(order.caller);
  observeCost(paced, choice.attempts[0].costMicroUsd, deps.pace);
  const startedMs = deps.clock.nowMs();
  const attempts = new Attempts({ choice, order, purse }, deps);
  const { model, completion, count, spent } = await attempts.run();
  const reported = reportedTokens(completion.body["usage"]);
  const tokens = reported ?? choice.inputTokens;
  const costs = withCost(spent, model.id, costMicroUsd(tokens, model.price.inputUsdPerMTok));
  const isEstimate = reported === undefined;
  const hasLost = spent.size > 0;
  const charge: Charge = { model, count, tokens, isEstimate, costs, hasLost, ending: "complete" };
  settle(charge, { order, purse }, deps);
  return {
    kind: "whole",
    choice,
    text: completion.text,
    model: model.id,
    attemptCount: count,
    costMicroUsd: sumOf(costs),
    upstreamMs: deps.clock.nowMs() - startedMs,
    standings: purse.standings(),
  };
}

interface Charge {
  readonly model: EmbeddingModel;
  readonly count: number;
  readonly tokens: number;
  readonly isEstimate: boolean;
  readonly costs: Costs;
  /** Whether calls are among it that nobody has seen the end of. */
  readonly hasLost: boolean;
  readonly ending: "complete" | "broken" | "cancelled";
}

interface Account {
  readonly order: EmbedOrder;
  readonly purse: Purse;
}

/** The one line of charge that a request has. */
function settle(
  { model, count, tokens, isEstimate, costs, hasLost, ending }: Charge,
  { order: { request, tag, caller }, purse }: Account,
  { log, clock }: Pick<Deps, "log" | "clock">,
): void {
  purse.settle(costs, tokens, hasLost);
  log.write(ending === "broken" ? "warn" : "info", "embeddings", {
    request_id: tag.id,
    tenant: caller.tenant.id,
    key: caller.key.id,
    model: model.id,
    attempts: count,
    ending,
    inputs: inputsOf(request).length,
    input_tokens: tokens,
    is_usage_estimated: isEstimate,
    cost_micro_usd: sumOf(costs),
    duration_ms: clock.nowMs() - tag.startedMs,
  });
}

interface Success {
  readonly model: EmbeddingModel;
  readonly completion: UpstreamCompletion;
  /** Calls made, the one that answered included. */
  readonly count: number;
  /** What calls that broke off may have cost, estimated, by model. */
  readonly spent: Costs;
}

/** Share by which a vendor may count more tokens than we do. */
const COUNT_MARGIN = 1.1;

class Attempts {
  readonly #choice: EmbeddingChoice;
  readonly #order: EmbedOrder;
  readonly #purse: Purse;
  readonly #deps: Deps;
  /** By model, the latest failure last. */
  readonly #failed = new Map<string, Failed<EmbeddingCandidate>>();
  #count = 0;
  #spent: Costs = new Map();
  /** Why the first of those was not called that no budget could cover. */
  #unpaid: RouterError | undefined;

  constructor(
    { choice, order, purse }: Account & { readonly choice: EmbeddingChoice },
    deps: Deps,
  ) {
    this.#choice = choice;
    this.#order = order;
    this.#purse = purse;
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
      if (failed.length === 0 && this.#unpaid !== undefined) throw this.#unpaid;
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
      if (!(await this.#isCovered(candidate))) continue;
      const outcome = await this.#call(model);
      this.#count += outcome.calls;
      if (outcome.kind === "stream") throw new Error("Embeddings came as a stream");
      if (outcome.kind === "completion")
        return {
          model,
          completion: outcome,
          count: this.#count,
          spent: this.#spent,
        };
      this.#takeFailure(candidate, outcome, outcome.calls);
    }
    return undefined;
  }

  async #isCovered({ model, costMicroUsd: cost }: EmbeddingCandidate): Promise<boolean> {
    const costs = withCost(this.#spent, model.id, Math.ceil(cost * COUNT_MARGIN));
    const cover = await this.#purse
      .cover(costs, this.#choice.inputTokens)
      .catch((error: unknown) => {
        throw error instanceof RouterError ? this.#settled(error, model) : error;
      });
    if (cover.isCovered) return true;
    this.#unpaid ??= cover.error;
    return false;
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
      requestId: tag.id,
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
    if (failure.mayBeBilled || (isLeft && calls > 0))
      this.#spent = withCost(this.#spent, model.id, cost);
    const atMs = this.#deps.clock.nowMs();
    this.#failed.delete(model.id);
    this.#failed.set(model.id, { model: model.id, candidate, failure, atMs });
    if (!isLeft && failure.isRetryable) return;
    throw this.#settled(isLeft ? hungUp() : refused(failure), model);
  }

  /** The error, after a line of charge for what was spent in vain. */
  #settled(error: RouterError, model: EmbeddingModel): RouterError {
    error.spentMicroUsd = sumOf(this.#spent);
    if (error.spentMicroUsd === 0) return error;
    const { inputTokens: tokens } = this.#choice;
    const [order, purse, costs] = [this.#order, this.#purse, this.#spent];
    const ending = order.signal.aborted ? "cancelled" : "broken";
    const charge = { model, count: this.#count, tokens, costs, ending } as const;
    settle({ ...charge, isEstimate: true, hasLost: true }, { order, purse }, this.#deps);
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
