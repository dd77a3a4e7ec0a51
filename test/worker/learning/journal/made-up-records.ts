/** Records for tests: a decision between two models, and what is said of it. */
import type {
  DecisionRecord,
  FeedbackRecord,
  SignalRecord,
} from "../../../../worker/domain/event.ts";
import { policySchema } from "../../../../worker/domain/policy.ts";

export const TENANT = "shop";

/** 2026-11-23, some minutes after noon. */
export const NOON_MS = Date.UTC(2026, 10, 23, 12, 5);

function candidate(model: string, score: number) {
  return {
    model,
    score,
    standing: 1,
    outputTokensP50: 100,
    costP50MicroUsd: 900,
    costP90MicroUsd: 2_000,
    ttftMs: 300,
    ttftP90Ms: 600,
    latencyMs: 2_000,
    latencyP90Ms: 4_000,
  };
}

export function decided(
  id: string,
  more: Partial<DecisionRecord> = {},
  outcome: Partial<DecisionRecord["outcome"]> = {},
): DecisionRecord {
  return {
    kind: "decision",
    id,
    tenant: TENANT,
    atMs: NOON_MS,
    weights: "text@0123456789ab",
    release: "0".repeat(64),
    catalog: "0123456789ab",
    promptHash: id.padStart(16, "0").slice(-16),
    inputTokens: 20,
    difficulty: 0.5,
    task: "chat",
    deciles: "",
    needs: { capabilities: [], contextTokens: 500 },
    policy: policySchema.parse({ quality: 0.9 }),
    moment: { lifts: { "a/small": 0.125 }, caution: 0 },
    decision: {
      reason: "best_utility",
      attempts: ["a/small", "b/large"],
      candidates: [candidate("a/small", 0.75), candidate("b/large", 0.875)],
      excluded: [],
      reference: "b/large",
      lambda: 0.1,
      propensities: { "a/small": 1 },
    },
    outcome: {
      model: "a/small",
      ending: "complete",
      attempts: 1,
      inputTokens: 21,
      cachedInputTokens: 0,
      outputTokens: 90,
      isEstimated: false,
      costMicroUsd: 1_000,
      costs: { "a/small": 1_000 },
      savedMicroUsd: 4_000,
      durationMs: 1_500,
      signals: [],
      ...outcome,
    },
    ...more,
  };
}

export function said(id: string, more: Partial<FeedbackRecord> = {}): FeedbackRecord {
  return { kind: "feedback", id, tenant: TENANT, atMs: NOON_MS, source: "user", score: 1, ...more };
}

export function signalled(id: string, signal: SignalRecord["signal"]): SignalRecord {
  return { kind: "signal", id, tenant: TENANT, atMs: NOON_MS, signal };
}
