/** An observation that nothing is amiss with, but for what a test says. */
import type { Observation } from "../../../../worker/domain/observation.ts";

export function madeUpObservation(more: Partial<Observation> = {}): Observation {
  return {
    number: 1,
    tenant: "shop",
    id: "req_1",
    isFirst: true,
    atMs: 1_000,
    weights: "mf-1@0123456789ab",
    reason: "best_utility",
    chosen: "openai/gpt-5.4-mini",
    model: "openai/gpt-5.4-mini",
    score: 0.8,
    referenceScore: 0.9,
    lift: 0,
    isCertified: false,
    ending: "complete",
    costMicroUsd: 200,
    savedMicroUsd: 800,
    expectedMicroUsd: 200,
    inputTokens: 100,
    outputTokens: 50,
    durationMs: 1_000,
    signals: [],
    reward: { value: 1, weight: 0.1 },
    isSpoken: false,
    difficulty: 0,
    task: "other",
    deciles: "0123456789",
    ...more,
  };
}
