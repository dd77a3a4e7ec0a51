/**
 * A request's decision and what came of it, as one record for the event log (domain/event.ts), when it has ended.
 *
 * All of it happens after the client has its answer, under the request's `keepAlive`. What of the prompt goes in is
 * what the tenant allows. Nothing is recorded of a request for which nobody was called: a cached answer, a decision
 * alone, one that its budgets refused.
 */
import { RouterError } from "../domain/errors.ts";
import type { DecisionRecord, EventLog, LoggedFeatures, LoggedOutcome } from "../domain/event.ts";
import { signalsOf } from "../domain/signals.ts";
import { sha256 } from "../lib/digest.ts";
import { packFloats, packInts } from "../lib/packed-numbers.ts";
import { propensitiesOf } from "../routing/explore.ts";
import type { ScoredPrompt } from "../routing/ports.ts";
import { promptOf } from "../routing/prompt-of.ts";
import type { Deps } from "./ports.ts";
import type { Recollection } from "./recollection.ts";
import type { Route } from "./route.ts";
import type { CompleteOrder, Settled } from "./settlement.ts";

/** Of one request. Only the first end counts. */
export class Recording {
  readonly #order: CompleteOrder;
  readonly #deps: Deps;
  readonly #log: EventLog | undefined;
  #hasEnded = false;

  constructor(order: CompleteOrder, deps: Deps) {
    this.#order = order;
    this.#deps = deps;
    this.#log = order.caller.tenant.events === "off" ? undefined : deps.events;
  }

  /** Whether the answer must be remembered. */
  get isWanted(): boolean {
    return this.#log !== undefined;
  }

  /** An answer has ended. */
  end(routed: Route, { settled, said }: { settled: Settled; said: Recollection }): void {
    const { model, ending, bill, counts, attempts, error, ttftMs } = settled;
    const durationMs = this.#elapsedMs();
    this.#record(routed, () => ({
      model,
      ending,
      ...(error !== undefined && { error }),
      attempts,
      inputTokens: counts.input,
      cachedInputTokens: counts.cachedInput,
      outputTokens: counts.output,
      isEstimated: counts.isEstimate,
      costMicroUsd: bill.costMicroUsd,
      costs: Object.fromEntries(bill.costs),
      savedMicroUsd: bill.savedMicroUsd,
      ...(ttftMs !== undefined && { ttftMs }),
      durationMs,
      signals: signalsOf(this.#order.request, { ending, body: said.body() }),
    }));
  }

  /** Nobody has answered. @param attempts Calls made; without any there is nothing to learn. */
  fail(routed: Route, { error, attempts }: { error: unknown; attempts: number }): void {
    if (attempts === 0) return;
    const hasLeft = this.#order.signal.aborted;
    const ending = hasLeft ? "cancelled" : "failed";
    const durationMs = this.#elapsedMs();
    this.#record(routed, () => ({
      model: null,
      ending,
      error: error instanceof RouterError ? error.code : "internal_error",
      attempts,
      inputTokens: 0,
      cachedInputTokens: 0,
      outputTokens: 0,
      isEstimated: true,
      costMicroUsd: error instanceof RouterError ? (error.spentMicroUsd ?? 0) : 0,
      costs: {},
      savedMicroUsd: 0,
      durationMs,
      signals: [hasLeft ? "hung_up" : "failed"],
    }));
  }

  /** @param outcomeOf Called later: what it looks for in an answer must not hold up the answer's last bytes. */
  #record(routed: Route, outcomeOf: () => LoggedOutcome): void {
    const log = this.#log;
    if (log === undefined || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#order.keepAlive(
      recordOf({ order: this.#order, routed, outcomeOf }, this.#deps)
        .then((record) => log.record([record], this.#order.caller.tenant))
        .catch((cause: unknown) => this.#complain(cause)),
    );
  }

  #complain(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#deps.log.write("error", "event_lost", { request_id: this.#order.tag.id, reason });
  }

  #elapsedMs(): number {
    return Math.max(this.#deps.clock.nowMs() - this.#order.tag.startedMs, 0);
  }
}

interface Ended {
  readonly order: CompleteOrder;
  readonly routed: Route;
  readonly outcomeOf: () => LoggedOutcome;
}

async function recordOf(ended: Ended, deps: Deps): Promise<DecisionRecord> {
  const { order, routed, outcomeOf } = ended;
  const { caller, tag } = order;
  const { forecast, reading, weights, trial, release = weights } = routed;
  const { deciles = "", novelty } = reading;
  const features = packed(reading);
  const digest = await sha256(JSON.stringify([caller.tenant.id, features]));
  return {
    kind: "decision",
    id: tag.id,
    tenant: caller.tenant.id,
    atMs: tag.startedMs,
    weights,
    release,
    ...(trial !== undefined && { trial }),
    catalog: await deps.catalogDigest(),
    promptHash: digest.slice(0, 16),
    ...allowedOf(order, features),
    ...(caller.tenant.exploration !== undefined && { demand: packFloats(reading.demand) }),
    inputTokens: forecast.inputTokens,
    difficulty: forecast.difficulty,
    task: forecast.task,
    deciles,
    ...(novelty !== undefined && { novelty }),
    ...groundsOf(routed),
    decision: decisionOf(routed),
    outcome: outcomeOf(),
  };
}

function packed({ features, version, tableRows }: ScoredPrompt["reading"]): LoggedFeatures {
  return {
    version,
    tableRows,
    ids: packInts(features.ids),
    weights: packFloats(features.weights),
    statistics: packFloats(features.statistics),
  };
}

/** What of the prompt the tenant allows to be kept. */
function allowedOf(
  { request, caller }: CompleteOrder,
  features: LoggedFeatures,
): Pick<DecisionRecord, "features" | "prompt"> {
  const detail = caller.tenant.events;
  if (detail !== "features" && detail !== "prompts") return {};
  const { turns, ...rest } = promptOf(request);
  return { features, ...(detail === "prompts" && { prompt: { ...rest, turns: [...turns] } }) };
}

function groundsOf({
  grounds: { needs, policy, pinned, lesson, exploration },
  decision: { qualityPerUsd, mostMicroUsd },
}: Route): Pick<DecisionRecord, "needs" | "policy" | "pinned" | "moment"> {
  const { capabilities, wishes, ...sizes } = needs;
  return {
    needs: { ...sizes, capabilities: [...capabilities], ...(wishes && { wishes: [...wishes] }) },
    policy,
    ...(pinned !== undefined && { pinned }),
    moment: {
      lifts: Object.fromEntries(lesson.lifts),
      caution: lesson.caution,
      ...(qualityPerUsd !== undefined && { qualityPerUsd }),
      ...(mostMicroUsd !== undefined && { mostMicroUsd }),
      ...(exploration !== undefined && { exploration }),
    },
  };
}

function decisionOf({ decision }: Route): DecisionRecord["decision"] {
  const { reason, attempts, candidates, beyond, excluded, reference, lambda } = decision;
  const { floor, assurance } = decision;
  return {
    reason,
    attempts: attempts.map(({ model }) => model),
    candidates: [...candidates],
    ...(beyond !== undefined && { beyond: [...beyond] }),
    excluded: [...excluded],
    reference: reference.model,
    ...(floor !== undefined && { floor }),
    ...(assurance !== undefined && { isCertified: assurance.doubt === undefined }),
    lambda,
    propensities: Object.fromEntries(propensitiesOf(decision)),
  };
}
