/**
 * The headers that every answer carries: which model, why, for how much, and where the time went.
 *
 * `server-timing` counts waiting only; workerd's clock stands still while it computes, so a decision
 * that waited for nothing shows as 0.
 */
import { formatUsd } from "../../domain/money.ts";
import type { Answer } from "../../pipeline/complete.ts";
import type { EmbeddingAnswer } from "../../pipeline/embed.ts";
import type { Route } from "../../pipeline/route.ts";
import type { Elapsed } from "../context.ts";
import { standingHeaders } from "./standing-headers.ts";

/** Headers of an answer. */
export function answerHeaders(answer: Answer, time: Elapsed): Record<string, string> {
  const { route, timing } = answer;
  const candidate = answer.kind === "dry" ? route.decision.attempts[0]! : answer.answeredBy;
  const isPaced = route.decision.qualityPerUsd !== undefined;
  return {
    ...routeHeaders(route),
    "x-sluice-model": candidate.model,
    "x-sluice-score": candidate.score.toFixed(4),
    "x-sluice-attempts": String(answer.kind === "dry" ? 0 : answer.attemptCount),
    ...(answer.kind !== "dry" &&
      answer.hedged !== undefined && { "x-sluice-hedged": answer.hedged }),
    ...(answer.kind === "whole" && {
      "x-sluice-cost-usd": formatUsd(answer.bill.costMicroUsd),
      "x-sluice-saved-usd": formatUsd(answer.bill.savedMicroUsd),
      ...(answer.hedged !== undefined && {
        "x-sluice-hedge-cost-usd": formatUsd(answer.bill.hedgeMicroUsd),
      }),
    }),
    ...(answer.kind === "whole" && answer.isStopped && { "x-sluice-stopped": "budget" }),
    ...standingHeaders(answer.standings, time.nowMs),
    ...(isPaced && { "x-sluice-budget-lambda": route.decision.lambda.toPrecision(4) }),
    "server-timing": serverTiming(timing, time),
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

function routeHeaders({ weights, decision }: Route): Record<string, string> {
  return {
    "x-sluice-weights": weights,
    "x-sluice-decision": decision.reason,
    "x-sluice-cache": "bypass",
  };
}
