/** The catalogue against a list: what differs, what is taken over, what is held back and why. */
import { describe, it } from "vitest";
import {
  compare,
  isTakenOver,
  withPrices,
  type Comparison,
} from "../../../scripts/pricing/comparison.ts";
import { readLiteLlm } from "../../../scripts/pricing/litellm.ts";
import { readModelsDev } from "../../../scripts/pricing/models-dev.ts";
import type { PriceList } from "../../../scripts/pricing/quote.ts";
import liteLlm from "../../fixtures/prices/litellm.json" with { type: "json" };
import modelsDev from "../../fixtures/prices/models-dev.json" with { type: "json" };
import { madePrices } from "./made-prices.ts";

const NOBODY = new Set<string>();
const READ = { url: "https://example.com/list", date: "2026-11-22" };
const LARGE = "acme/acme-large";

function listOf(acmeLarge: Record<string, unknown>): PriceList {
  const entry = { litellm_provider: "acme", mode: "chat", ...acmeLarge };
  return readLiteLlm({ "acme-large": entry })!;
}

function largeIn({ entries }: Comparison) {
  return entries.find(({ model }) => model === LARGE)!;
}

describe("compare", () => {
  it("shows old and new, in per cent, and what is only shown", ({ expect }) => {
    const comparison = compare(madePrices(), readLiteLlm(liteLlm)!, NOBODY);
    expect(largeIn(comparison)).toEqual({
      model: LARGE,
      changes: [
        { field: "inputUsdPerMTok", before: 0.2, after: 0.3, percent: 50, isTaken: true },
        { field: "outputUsdPerMTok", before: 2, after: 2.5, percent: 25, isTaken: true },
        { field: "cachedInputUsdPerMTok", after: 0.03, isTaken: true },
        { field: "cacheWriteUsdPerMTok", after: 0.375, isTaken: true },
        { field: "cacheWriteHourUsdPerMTok", after: 0.6, isTaken: true },
        { field: "longPrompts.aboveTokens", after: 200_000, isTaken: true },
        { field: "longPrompts.inputUsdPerMTok", after: 0.6, isTaken: true },
        { field: "longPrompts.outputUsdPerMTok", after: 2.5, isTaken: true },
        { field: "contextTokens", before: 64_000, after: 100_000, percent: 56.25, isTaken: false },
      ],
      gained: ["files", "json"],
      lost: ["vision"],
      isForced: false,
    });
    expect(comparison.unmatched).toEqual(["acme/acme-small"]);
  });

  it("leaves out what is as the list has it", ({ expect }) => {
    const same = { input_cost_per_token: 2e-7, output_cost_per_token: 2e-6 };
    expect(compare(madePrices(), listOf(same), NOBODY).entries).toEqual([]);
  });

  it.for([
    ["tenfold", { input_cost_per_token: 2e-6, output_cost_per_token: 2e-6 }, {}],
    ["tenfold", { input_cost_per_token: 2e-8, output_cost_per_token: 2e-6 }, {}],
    ["free", { input_cost_per_token: 0, output_cost_per_token: 2e-6 }, {}],
    [
      "noted",
      { input_cost_per_token: 3e-7 },
      { price: { inputUsdPerMTok: 0.2, outputUsdPerMTok: 2, note: "Peak price." } },
    ],
  ] as const)(
    "holds an entry back that is %s, until it is forced",
    ([why, quoted, own], { expect }) => {
      const catalog = madePrices(own);
      const held = compare(catalog, listOf(quoted), NOBODY);
      expect(largeIn(held)).toMatchObject({ objection: why, isForced: false });
      expect(isTakenOver(largeIn(held))).toBe(false);
      expect(withPrices(catalog, held, READ)).toBe(catalog);
      const forced = compare(catalog, listOf(quoted), new Set([LARGE]));
      expect(isTakenOver(largeIn(forced))).toBe(why !== "free"); // A price of 0 is none, even so.
    },
  );

  it("lets pass what is a hair under tenfold", ({ expect }) => {
    const comparison = compare(madePrices(), listOf({ input_cost_per_token: 1.99e-6 }), NOBODY);
    expect(largeIn(comparison).objection).toBeUndefined();
  });

  it("holds an entry back that the list has twice, with two prices", ({ expect }) => {
    const entry = { litellm_provider: "acme", mode: "chat", output_cost_per_token: 2e-6 };
    const list = readLiteLlm({
      "acme-large": { ...entry, input_cost_per_token: 3e-7 },
      "acme/acme-large": { ...entry, input_cost_per_token: 4e-7 },
    })!;
    expect(largeIn(compare(madePrices(), list, NOBODY)).objection).toBe("ambiguous");
  });

  it("does not know a forced name that is none", ({ expect }) => {
    const list = readLiteLlm(liteLlm)!;
    expect(() => compare(madePrices(), list, new Set(["acme/none"]))).toThrow("acme/none");
  });
});

describe("withPrices", () => {
  it("changes numbers, their sources and the edition, and nothing else", ({ expect }) => {
    const catalog = madePrices();
    const list = readModelsDev(modelsDev)!;
    const changed = withPrices(catalog, compare(catalog, list, NOBODY), READ);
    expect(changed.version).toBe("2026-11-22");
    const [large, bolt, small] = changed.models;
    const now = { url: READ.url, seen: READ.date };
    expect(large).toEqual({
      ...catalog.models[0]!,
      price: {
        inputUsdPerMTok: 0.3,
        outputUsdPerMTok: 2.5,
        cachedInputUsdPerMTok: 0.03,
        cacheWriteUsdPerMTok: 0.375,
        longPrompts: { aboveTokens: 100_000, inputUsdPerMTok: 0.6, outputUsdPerMTok: 4 },
      },
      contextTokens: 128_000,
      sources: [
        { what: "price", ...now },
        { what: "context", ...now },
        { what: "capabilities", url: "https://example.com/old", seen: "2026-01-01" },
      ],
    });
    expect([bolt, small]).toEqual(catalog.models.slice(1)); // Bolt is said to cost nothing.
  });

  it("keeps the rates for long prompts that a list does not change", ({ expect }) => {
    const catalog = madePrices();
    const [first, ...others] = catalog.models;
    const longPrompts = {
      aboveTokens: 9_000,
      inputUsdPerMTok: 1,
      outputUsdPerMTok: 5,
      cachedInputUsdPerMTok: 0.5,
    };
    const price = { ...first!.price, longPrompts };
    const long = { ...catalog, models: [{ ...first!, price }, ...others] };
    for (const [said, expected] of [
      [{ input_cost_per_token: 3e-7 }, longPrompts],
      [
        { input_cost_per_token_above_9k_tokens: 1e-6, output_cost_per_token_above_9k_tokens: 6e-6 },
        { ...longPrompts, outputUsdPerMTok: 6 },
      ],
    ] as const) {
      const changed = withPrices(long, compare(long, listOf(said), NOBODY), READ);
      expect(changed.models[0]!.price.longPrompts).toEqual(expected);
    }
  });

  it("finds nothing to change the second time", ({ expect }) => {
    const catalog = madePrices();
    const list = readModelsDev(modelsDev)!;
    const changed = withPrices(catalog, compare(catalog, list, NOBODY), READ);
    expect(compare(changed, list, NOBODY).entries.filter(isTakenOver)).toEqual([]);
  });
});
