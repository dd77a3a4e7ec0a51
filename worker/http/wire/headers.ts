/**
 * The headers that every answer carries: which model, why, for how much, and where the time went.
 *
 * `server-timing` counts waiting only; workerd's clock stands still while it computes, so a decision
 * that waited for nothing shows as 0.
 */
import { formatUsd } from "../../domain/money.ts";
import type { Answer, StreamedAnswer, WholeAnswer } from "../../pipeline/answer.ts";
import type { EmbeddingAnswer } from "../../pipeline/embed.ts";
import type { Route } from "../../pipeline/route.ts";
import type { Elapsed } from "../context.ts";
import { standingHeaders } from "./standing-headers.ts";

/** Headers of an answer. */
export function answerHeaders(answer: Answer, time: Elapsed): Record<string, string> {
  return {
    ...(answer.kind === "dry" ? routeHeaders(answer.route) : originHeaders(answer)),
    ...(answer.kind === "whole" && {
      "x-sluice-cost-usd": formatUsd(answer.bill.costMicroUsd),
      "x-sluice-saved-usd": formatUsd(answer.bill.savedMicroUsd),
      ...(answer.hedged !== undefined && {
        "x-sluice-hedge-cost-usd": formatUsd(answer.bill.hedgeMicroUsd),
      }),
    }),
    ...(answer.kind === "whole" && answer.isStopped && { "x-sluice-stopped": "budget" }),
    ...standingHeaders(answer.standings, time.nowMs),
    "server-timing": serverTiming(answer.timing, time),
  };
}

function originHeaders({
  origin,
  cache,
  attemptCount,
  hedged,
}: WholeAnswer | StreamedAnswer): Record<string, string> {
  return {
    ...choiceHeaders(origin),
    "x-sluice-cache": cache.status,
    ...("ageS" in cache && { age: String(cache.ageS) }),
    "x-sluice-attempts": String(attemptCount),
    ...(hedged !== undefined && { "x-sluice-hedged": hedged }),
  };
}

function routeHeaders({ weights, decision }: Route): Record<string, string> {
  const { reason, lambda, qualityPerUsd } = decision;
  const isPaced = qualityPerUsd !== undefined;
  const { model, score } = decision.attempts[0]!;
  return {
    ...choiceHeaders({ model, score, weights, reason, ...(isPaced && { lambda }) }),
    "x-sluice-cache": "bypass",
    "x-sluice-attempts": "0",
  };
}

type Choice = Omit<WholeAnswer["origin"], "inputTokens">;

function choiceHeaders({ model, score, weights, reason, lambda }: Choice): Record<string, string> {
  return {
    "x-sluice-model": model,
    "x-sluice-score": score.toFixed(4),
    "x-sluice-weights": weights,
    "x-sluice-decision": reason,
    ...(lambda !== undefined && { "x-sluice-budget-lambda": lambda.toPrecision(4) }),
  };
}

/** Headers of embeddings. No router had a say, so there is neither a score nor a release to name. */
export function embeddingHeaders(answer: EmbeddingAnswer, time: Elapsed): Record<string, string> {
  const isDry = answer.kind === "dry";
  return {
    "x-sluice-decision": "pinned",
    "x-sluice-cache": "bypass",
    "x-sluice-model": isDry ? answer.choice.attempts[0].model.id : answer.model,
    "x-sluice-attempts": String(isDry ? 0 : answer.attemptCount),
    ...(!isDry && { "x-sluice-cost-usd": formatUsd(answer.costMicroUsd) }),
    ...standingHeaders(answer.standings, time.nowMs),
    "server-timing": serverTiming({ routeMs: 0, upstreamMs: answer.upstreamMs }, time),
  };
}

interface Durations {
  readonly routeMs: number;
  readonly upstreamMs: number;
}

function serverTiming({ routeMs, upstreamMs }: Durations, { startedMs, nowMs }: Elapsed): string {
  return `route;dur=${routeMs}, upstream;dur=${upstreamMs}, total;dur=${nowMs - startedMs}`;
}
