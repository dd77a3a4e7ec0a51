/**
 * What an answer comes to when it has ended, however it ended: its price, what its time teaches, and the one
 * line that the log keeps of it.
 *
 * Money is usage at list price, with all that was paid on the way: the calls that gave no answer
 * (expenses.ts), and what the vendor that a hedge hung up on may bill. Beside it stands what the reference
 * model would have cost for the same prompt, its output scaled by the forecast. The difference may be
 * negative, and then it is reported as negative. Every call that a vendor may bill is settled, also one that
 * the client has left. What was cut short or lost is settled by estimate, since its vendor alone knows the price; a
 * whole answer never is, also where its vendor counts nothing and our count is all that there will be.
 */
import { RouterError } from "../domain/errors.ts";
import { sumOf, withCost, type Costs, type Purse } from "../domain/purse.ts";
import type { SseSource } from "../lib/sse.ts";
import type { BegunCall } from "../routing/latency-book.ts";
import type { Allowance } from "./allowance.ts";
import type { Success } from "./attempts.ts";
import type { Expense } from "./expenses.ts";
import { meterStream, StreamMeter, type StreamEnding } from "./meter.ts";
import { requireKnown } from "./model-name.ts";
import { learnCost } from "./pace.ts";
import type { Commission, Deps } from "./ports.ts";
import type { Order, Route } from "./route.ts";
import { countPrompt } from "./token-count.ts";
import { estimated, priceOf, type TokenCounts } from "./usage.ts";

/** An order on its way. */
export interface CompleteOrder extends Order, Commission {}

export interface Bill {
  /** All that was paid for this answer, the hedge among it. */
  readonly costMicroUsd: number;
  /** The same by model. */
  readonly costs: Costs;
  /** What the vendor that a hedge hung up on may bill, estimated; 0 without a hedge. */
  readonly hedgeMicroUsd: number;
  /** Against the reference model's estimated cost; negative where the answer cost more. */
  readonly savedMicroUsd: number;
}

/** What an answer has come to. */
export interface Settled {
  readonly model: string;
  readonly ending: StreamEnding;
  readonly bill: Bill;
  readonly counts: TokenCounts;
  /** Calls made. */
  readonly attempts: number;
  /** Code of the error that broke it. */
  readonly error: string | undefined;
  /** Until the first token of a stream, from when its model was asked. */
  readonly ttftMs: number | undefined;
}

/** Who answered, or was asked when the client left. */
type Asked = Omit<Success, "outcome" | "call"> & {
  /** What was spent beside. */
  readonly expenses: readonly Expense[];
  /** Of an attempt that was left: it costs no less. */
  readonly leastMicroUsd?: number | undefined;
  /** What its time teaches; absent for an attempt that was left before it had answered. */
  readonly call?: BegunCall;
};

interface SettlementInput {
  readonly order: CompleteOrder;
  readonly routed: Route;
  readonly success: Asked;
  /** Booked into when the answer is settled. */
  readonly purse: Purse;
  /** Says how long a stream may go on; undefined where no budget ends it. */
  readonly allowance?: Allowance | undefined;
  /** Called once. */
  readonly onSettled?: (settled: Settled) => void;
}

/** Of one answer. Settled once: later calls only read what it came to. */
export class Settlement {
  readonly #input: SettlementInput;
  readonly #deps: Deps;
  /** Until the first token of a stream. */
  #ttftMs: number | undefined;
  #bill: Bill | undefined;

  constructor(input: SettlementInput, deps: Deps) {
    this.#input = input;
    this.#deps = deps;
  }

  #billOf(counts: TokenCounts): Bill {
    const { catalog } = this.#deps.scorer;
    const { routed, success } = this.#input;
    const { candidate, expenses } = success;
    const { reference } = routed.decision;
    const hedgeMicroUsd = this.#hedgeCost();
    const parts = [{ candidate, counts, leastMicroUsd: success.leastMicroUsd }, ...expenses];
    let costs: Costs = new Map();
    for (const {
      candidate: { model },
      counts: spent,
      leastMicroUsd = 0,
    } of parts) {
      const price = priceOf(spent, requireKnown(model, catalog));
      costs = withCost(costs, model, Math.max(price, leastMicroUsd));
    }
    if (success.hedged !== undefined) costs = withCost(costs, success.hedged.model, hedgeMicroUsd);
    const cost = sumOf(costs);
    // A model that thinks aloud bills more tokens for the same answer: by as much as was forecast.
    const appetite = reference.outputTokensP50 / Math.max(candidate.outputTokensP50, 1);
    const referenceCounts = { ...counts, output: Math.round(counts.output * appetite) };
    const referenceCost = priceOf(referenceCounts, requireKnown(reference.model, catalog));
    return { costMicroUsd: cost, costs, hedgeMicroUsd, savedMicroUsd: referenceCost - cost };
  }

  /** A vendor that was hung up on bills the prompt, and of a whole answer what it had generated. */
  #hedgeCost(): number {
    const { order, success } = this.#input;
    const { hedged } = success;
    if (hedged === undefined) return 0;
    const { request } = order;
    const written = request.stream === true ? 0 : hedged.outputTokensP50 * (request.n ?? 1);
    const entry = requireKnown(hedged.model, this.#deps.scorer.catalog);
    return priceOf(estimated(countPrompt(request), written), entry);
  }

  /** The client's events for a vendor's, settled when they end. */
  meter(vendor: { events: SseSource }): { events: SseSource; ended: Promise<void> } {
    const { request, signal } = this.#input.order;
    const meter = new StreamMeter({
      request,
      receipt: (counts, ending) => ({
        ...this.receipt(this.settle(ending, counts), counts),
        ...(ending === "stopped" && { stopped: "budget" }),
      }),
      onFirstText: () => (this.#ttftMs = this.#elapsedMs()),
    });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = (ending: StreamEnding, error?: unknown): void => {
      signal.removeEventListener("abort", leave);
      this.settle(signal.aborted ? "cancelled" : ending, meter.counts, error);
      resolve();
    };
    // Who leaves before the response has reached them never cancels its body.
    function leave(): void {
      end("cancelled");
    }
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
    const { purse, allowance } = this.#input;
    const events = meterStream(vendor.events, { meter, allowance, onEnd: end });
    return { events, ended: ended.then(() => purse.closed) };
  }

  /** All that was used, the calls beside among it. */
  #tokensOf({ input, output }: TokenCounts): number {
    return this.#input.success.expenses.reduce(
      (sum, { counts }) => sum + counts.input + counts.output,
      input + output,
    );
  }

  /** Whether there were calls beside that nobody has seen the end of. */
  #hasLost(): boolean {
    const { expenses, hedged } = this.#input.success;
    return hedged !== undefined || expenses.some(({ counts }) => counts.isEstimate);
  }

  /** @param error Why a stream broke, where it did. */
  settle(ending: StreamEnding, counts: TokenCounts, error?: unknown): Bill {
    if (this.#bill !== undefined) return this.#bill;
    this.#bill = this.#billOf(counts);
    const { order, routed, success } = this.#input;
    const { candidate, count, hedged } = success;
    const { tag, request } = order;
    this.#learn(ending, counts);
    learnCost(routed.paced, { candidate, bill: this.#bill }, this.#deps.pace);
    // Also where the vendor has counted so far: what it wrote until it noticed is in no count.
    const isCut = ending !== "complete";
    this.#input.purse.settle(this.#bill.costs, this.#tokensOf(counts), isCut || this.#hasLost());
    const { costMicroUsd: cost, savedMicroUsd, hedgeMicroUsd } = this.#bill;
    const code = error instanceof RouterError ? error.code : undefined;
    this.#deps.log.write(ending === "broken" ? "warn" : "info", "completion", {
      request_id: tag.id,
      tenant: order.caller.tenant.id,
      key: order.caller.key.id,
      model: candidate.model,
      weights: routed.weights,
      decision: routed.decision.reason,
      score: candidate.score,
      attempts: count,
      is_stream: request.stream === true,
      ending,
      error: code,
      input_tokens: counts.input,
      cached_input_tokens: counts.cachedInput,
      cache_write_tokens: counts.cacheWriteInput,
      cache_write_1h_tokens: counts.cacheWriteHourInput,
      output_tokens: counts.output,
      reasoning_tokens: counts.reasoning,
      is_usage_estimated: counts.isEstimate,
      cost_micro_usd: cost,
      hedged: hedged?.model,
      hedge_cost_micro_usd: hedged && hedgeMicroUsd,
      saved_micro_usd: savedMicroUsd,
      duration_ms: this.#deps.clock.nowMs() - tag.startedMs,
    });
    this.#input.onSettled?.({
      model: candidate.model,
      ending,
      bill: this.#bill,
      counts,
      attempts: count,
      error: code,
      ttftMs: this.#ttftMs,
    });
    return this.#bill;
  }

  /** An answer that was not finished tells when it began, and nothing of its length. */
  #learn(ending: StreamEnding, counts: TokenCounts): void {
    const { order, success } = this.#input;
    const { call } = success;
    if (call === undefined) return;
    const outputTokens = counts.output / (order.request.n ?? 1);
    this.#deps.latency.learn(call, {
      ...(this.#ttftMs !== undefined && { ttftMs: this.#ttftMs }),
      ...(ending === "complete" && { answer: { totalMs: this.#elapsedMs(), outputTokens } }),
    });
  }

  #elapsedMs(): number {
    const { success, order } = this.#input;
    const { call } = success;
    return this.#deps.clock.nowMs() - (call?.conditions.nowMs ?? order.tag.startedMs);
  }

  /** A bill as clients see it in an answer's own fields, in US dollars. */
  receipt(
    { costMicroUsd: cost, savedMicroUsd, hedgeMicroUsd }: Bill,
    { isEstimate }: TokenCounts,
  ): Record<string, unknown> {
    const { candidate, count, hedged } = this.#input.success;
    return {
      cost_usd: cost / 1e6,
      saved_usd: savedMicroUsd / 1e6,
      model: candidate.model,
      attempts: count,
      ...(hedged !== undefined && { hedged: hedged.model, hedge_cost_usd: hedgeMicroUsd / 1e6 }),
      ...(isEstimate && { is_usage_estimated: true }),
    };
  }
}
