/** The defaults of a policy, and the values that none may have. */
import { describe, it } from "vitest";
import { policySchema, PRESETS } from "../../../worker/domain/policy.ts";

describe("policySchema", () => {
  it("asks for balance, and answers, where nothing is asked", ({ expect }) => {
    expect(policySchema.parse({})).toEqual({
      preset: "balanced",
      cache: "off",
      cache_rewrite: false,
      dry_run: false,
    });
  });

  it("takes everything at its bounds", ({ expect }) => {
    for (const preset of PRESETS)
      for (const quality of [0, 1])
        expect(policySchema.safeParse({ preset, quality }).success).toBe(true);
    const bounds = {
      max_cost_usd: 1_000,
      max_latency_ms: 3_600_000,
      weights: "w".repeat(64),
      allow_models: Array.from({ length: 100 }, (_, i) => `vendor/org/model-${i}:free`),
    };
    expect(policySchema.parse(bounds)).toMatchObject(bounds);
  });

  it.for([
    { preset: "cheapest" },
    { quality: -0.01 },
    { quality: 1.01 },
    { quality: "0.9" },
    { quality: NaN },
    { max_cost_usd: 0 },
    { max_cost_usd: 1_001 },
    { max_cost_usd: Infinity },
    { max_latency_ms: -1 },
    { max_latency_ms: 3_600_001 },
    { allow_models: [] },
    { allow_models: ["gpt-4"] },
    { allow_models: ["a/b c"] },
    { allow_models: ["a/b,c/d"] },
    { allow_models: ["/b"] },
    { allow_models: Array.from({ length: 101 }, () => "a/b") },
    { weights: "" },
    { weights: "w".repeat(65) },
    { weights: "1 2" },
    { dry_run: 1 },
    { budget: 1 },
  ])("refuses %j", (wrong, { expect }) => {
    expect(policySchema.safeParse(wrong).success).toBe(false);
  });
});
