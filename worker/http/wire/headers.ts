/**
 * The headers that every answer carries: which model, why, for how much, and where the time went.
 *
 * `server-timing` counts waiting only; workerd's clock stands still while it computes, so a decision
 * that waited for nothing shows as 0.
 */
import { formatUsd } from "../../domain/money.ts";
import type { Answer } from "../../pipeline/complete.ts";
import type { Route } from "../../pipeline/route.ts";

/** Headers of an answer. @param totalMs From the request's arrival until now. */
export function answerHeaders(answer: Answer, totalMs: number): Record<string, string> {
  const { route, timing } = answer;
  const candidate = answer.kind === "dry" ? route.decision.attempts[0]! : answer.answeredBy;
  return {
    ...routeHeaders(route),
    "x-sluice-model": candidate.model,
    "x-sluice-score": candidate.score.toFixed(4),
    "x-sluice-attempts": String(answer.kind === "dry" ? 0 : answer.attemptCount),
    ...(answer.kind === "whole" && {
      "x-sluice-cost-usd": formatUsd(answer.bill.costMicroUsd),
      "x-sluice-saved-usd": formatUsd(answer.bill.savedMicroUsd),
    }),
    "server-timing": [
      `route;dur=${timing.routeMs}`,
      `upstream;dur=${timing.upstreamMs}`,
      `total;dur=${totalMs}`,
    ].join(", "),
  };
}

function routeHeaders({ weights, decision }: Route): Record<string, string> {
  return {
    "x-sluice-weights": weights,
    "x-sluice-decision": decision.reason,
    "x-sluice-cache": "bypass",
  };
}
