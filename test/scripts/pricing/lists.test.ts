/** Both public formats as they are read: units, names, and what is passed over. */
import { describe, it } from "vitest";
import { readLiteLlm } from "../../../scripts/pricing/litellm.ts";
import { readModelsDev } from "../../../scripts/pricing/models-dev.ts";
import { namesOf } from "../../../scripts/pricing/quote.ts";
import liteLlm from "../../fixtures/prices/litellm.json" with { type: "json" };
import modelsDev from "../../fixtures/prices/models-dev.json" with { type: "json" };

const TIER = { tier: { size: 1_000 }, input: 3, output: 4 };

describe("readLiteLlm", () => {
  it("gives chat models' prices per million tokens, without the vendor in the name", ({
    expect,
  }) => {
    const list = readLiteLlm(liteLlm)!;
    expect(list.quotes).toEqual([
      {
        vendor: "acme",
        model: "acme-large",
        numbers: {
          inputUsdPerMTok: 0.3,
          outputUsdPerMTok: 2.5,
          cachedInputUsdPerMTok: 0.03,
          cacheWriteUsdPerMTok: 0.375,
          cacheWriteHourUsdPerMTok: 0.6,
          "longPrompts.aboveTokens": 200_000,
          "longPrompts.inputUsdPerMTok": 0.6,
          "longPrompts.outputUsdPerMTok": 2.5,
          contextTokens: 100_000,
          maxOutputTokens: 8_192,
        },
        capabilities: new Map([
          ["tools", true],
          ["vision", false],
          ["audio_output", false],
          ["files", true],
          ["json", true],
        ]),
      },
      expect.objectContaining({ vendor: "together_ai", model: "bolt/Bolt-7B" }),
    ]);
    expect(list.trusted.has("contextTokens")).toBe(false);
    expect(namesOf({ id: "together/x", upstreamModel: "a/X" }, list)).toEqual({
      vendor: "together_ai",
      model: "a/X",
    });
  });

  it("reads no rates for long prompts where there are several tiers of them", ({ expect }) => {
    const usual = { litellm_provider: "acme", mode: "chat", input_cost_per_token: 1e-7 };
    const one = { input_cost_per_token_above_128k_tokens: 2e-7 };
    const two = { ...one, output_cost_per_token_above_200k_tokens: 2e-7 };
    for (const [tiers, expected] of [
      [one, 128_000],
      [two, undefined],
    ] as const) {
      const entry = { ...usual, ...tiers };
      const [quote] = readLiteLlm({ a: entry })!.quotes;
      expect(quote!.numbers["longPrompts.aboveTokens"]).toBe(expected);
    }
  });

  it("knows what is none of its own", ({ expect }) => {
    expect(readLiteLlm(modelsDev)).toBeUndefined();
    expect(readLiteLlm({})).toBeUndefined();
  });
});

describe("readModelsDev", () => {
  it("gives every vendor's models, but for those that cannot be read", ({ expect }) => {
    const list = readModelsDev(modelsDev)!;
    expect(list.quotes).toEqual([
      {
        vendor: "acme",
        model: "acme-large",
        numbers: {
          inputUsdPerMTok: 0.3,
          outputUsdPerMTok: 2.5,
          cachedInputUsdPerMTok: 0.03,
          cacheWriteUsdPerMTok: 0.375,
          "longPrompts.aboveTokens": 100_000,
          "longPrompts.inputUsdPerMTok": 0.6,
          "longPrompts.outputUsdPerMTok": 4,
          contextTokens: 128_000,
          maxOutputTokens: 8_192,
        },
        capabilities: new Map([
          ["tools", true],
          ["parallel_tools", true],
          ["vision", true],
          ["audio", false],
          ["files", true],
          ["json", false],
          ["reasoning", true],
        ]),
      },
      expect.objectContaining({ vendor: "togetherai", model: "bolt/Bolt-7B" }),
    ]);
    expect(namesOf({ id: "acme/acme-large" }, list)).toEqual({
      vendor: "acme",
      model: "acme-large",
    });
  });

  it("reads the older form of rates for long prompts, and none where there are several tiers", ({
    expect,
  }) => {
    const older = { input: 1, output: 2, context_over_200k: { input: 3, output: 4 } };
    const two = { input: 1, output: 2, tiers: [TIER, { ...TIER, tier: { size: 2_000 } }] };
    for (const [cost, expected] of [
      [older, 200_000],
      [two, undefined],
    ] as const) {
      const [quote] = readModelsDev({ acme: { models: { a: { cost } } } })!.quotes;
      expect(quote!.numbers["longPrompts.aboveTokens"]).toBe(expected);
      expect(quote!.numbers["longPrompts.inputUsdPerMTok"]).toBe(expected && 3);
    }
  });

  it("knows what is none of its own", ({ expect }) => {
    expect(readModelsDev(liteLlm)).toBeUndefined();
  });
});
