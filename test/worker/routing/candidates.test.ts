/** Forecast and catalogue joined: what a call of each model is expected to cost and to take. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { CatalogModel } from "../../../router-models/catalog.ts";
import type { Forecast } from "../../../router-models/scorer.ts";
import { policySchema } from "../../../worker/domain/policy.ts";
import { buildCandidates, type CandidateInput } from "../../../worker/routing/candidates.ts";
import { MODELS } from "../fixture/models.ts";

const SMALL = MODELS.find(({ id }) => id === "openai/small")!;

function forecastOf(models: readonly CatalogModel[], more: Partial<Forecast> = {}): Forecast {
  return {
    models: models.map(({ id }, m) => ({
      id,
      standing: m,
      score: 0.5,
      outputTokensP50: 100,
      outputTokensP90: 400,
    })),
    inputTokens: 1_000,
    difficulty: 0.5,
    task: "chat",
    ...more,
  };
}

function build(changes: Partial<CandidateInput> = {}) {
  const catalog = changes.catalog ?? MODELS;
  return buildCandidates({
    catalog,
    forecast: forecastOf(catalog),
    needs: { capabilities: [], contextTokens: 0 },
    policy: policySchema.parse({}),
    isServed: () => true,
    ...changes,
  });
}

/** What the answer costs at the median and at the 90th percentile, and the latency. */
function answerCosts(maxOutputTokens: number | undefined, longest = 8_000) {
  const needs = {
    capabilities: [],
    contextTokens: 0,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
  const [one] = build({ catalog: [{ ...SMALL, maxOutputTokens: longest }], needs }).candidates;
  return [one!.costP50MicroUsd - 1_000, one!.costP90MicroUsd - 1_000, one!.latencyMs];
}

/** Of the median answer, where prompts of more tokens than these have rates of their own. */
function costWithLongRates(aboveTokens: number) {
  const longPrompts = { aboveTokens, inputUsdPerMTok: 2, outputUsdPerMTok: 6 };
  const model = { ...SMALL, price: { ...SMALL.price, longPrompts } };
  return build({ catalog: [model] }).candidates[0]!.costP50MicroUsd;
}

describe("buildCandidates", () => {
  it("prices a call at the median and at the 90th percentile", ({ expect }) => {
    const { candidates, excluded } = build({ catalog: [SMALL] });
    expect(excluded).toEqual([]);
    expect(candidates).toEqual([
      {
        model: "openai/small",
        score: 0.5,
        standing: 0,
        outputTokensP50: 100,
        costP50MicroUsd: 1_000 + 100 * 4,
        costP90MicroUsd: 1_000 + 400 * 4,
        ttftMs: 500,
        ttftP90Ms: 951,
        latencyMs: 500 + 1_000,
        latencyP90Ms: 2_853,
      },
    ]);
  });

  it("expects no longer answer than the client and the model allow", ({ expect }) => {
    expect(answerCosts(undefined)).toEqual([400, 1_600, 1_500]);
    expect(answerCosts(300)).toEqual([400, 1_200, 1_500]);
    expect(answerCosts(10)).toEqual([40, 40, 600]);
    expect(answerCosts(undefined, 50)).toEqual([200, 200, 1_000]);
  });

  it("pays for every answer that was asked for, and once for the prompt", ({ expect }) => {
    const needs = { capabilities: [], contextTokens: 0, answers: 3 };
    const [one] = build({ catalog: [SMALL], needs }).candidates;
    expect(one!.costP50MicroUsd).toBe(1_000 + 3 * 100 * 4);
    expect(one!.costP90MicroUsd).toBe(1_000 + 3 * 400 * 4);
  });

  it("takes the rates of long prompts for a prompt that is one", ({ expect }) => {
    expect([costWithLongRates(1_000), costWithLongRates(999)]).toEqual([
      1_000 + 100 * 4,
      2 * 1_000 + 100 * 6,
    ]);
  });

  it("keeps the catalogue's order, whatever that of the forecast", ({ expect }) => {
    const reversed = forecastOf(MODELS.toReversed());
    const { candidates } = build({ forecast: reversed });
    expect(candidates.map(({ model }) => model)).toEqual(MODELS.map(({ id }) => id));
    expect(candidates.map(({ standing }) => standing)).toEqual([3, 2, 1, 0]);
  });

  it("puts every model on one side, with its reason", ({ expect }) => {
    const { candidates, excluded } = build({
      needs: { capabilities: ["tools"], contextTokens: 0 },
      policy: policySchema.parse({ allow_models: ["groq/tiny", "openai/small", "mistral/medium"] }),
      isServed: (id) => !id.startsWith("mistral/"),
    });
    expect(candidates.map(({ model }) => model)).toEqual(["openai/small"]);
    expect(excluded).toEqual([
      { model: "groq/tiny", why: "lacks_tools" },
      { model: "mistral/medium", why: "no_vendor_key" },
      { model: "openai/large", why: "not_allowed" },
    ]);
  });

  it("will not guess a price for a model without a forecast", ({ expect }) => {
    const forecast = forecastOf(MODELS.filter(({ id }) => id !== "openai/large"));
    expect(() => build({ forecast })).toThrow("openai/large");
  });

  it("costs whole micro-dollars, the 90th percentile no less than the median", ({ expect }) => {
    const tokens = fc.nat(200_000);
    fc.assert(
      fc.property(tokens, tokens, tokens, (inputTokens, p50, more) => {
        const forecast = forecastOf(MODELS, {
          inputTokens,
          models: MODELS.map(({ id }) => ({
            id,
            standing: 0,
            score: 0.5,
            outputTokensP50: p50,
            outputTokensP90: p50 + more,
          })),
        });
        for (const one of build({ forecast }).candidates) {
          expect(Number.isSafeInteger(one.costP50MicroUsd)).toBe(true);
          expect(Number.isSafeInteger(one.costP90MicroUsd)).toBe(true);
          expect(one.costP90MicroUsd).toBeGreaterThanOrEqual(one.costP50MicroUsd);
          expect(one.latencyMs).toBeGreaterThanOrEqual(one.ttftMs);
        }
      }),
    );
  });
});
