/** Where a model's price comes from, and that tokens read off costs cost what was stated. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import shipped from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import { estimateInputTokens } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { pricesOf, withTokens } from "../../../scripts/training/prices.ts";
import { outcomeRow } from "../evaluation/outcome-rows.ts";

const NOWHERE = { table: {}, catalog: [] };
const CATALOG = parseCatalog(shipped).models;
const PROMPT = "Name three rivers.";
const INPUT_TOKENS = estimateInputTokens(promptOfText(PROMPT));

describe("pricesOf", () => {
  it("takes the list price, of the set's own group first", ({ expect }) => {
    const rows = [outcomeRow({ scores: { gpt: 1 }, cost_usd: { gpt: 5 } })];
    const table = { other: { gpt: { in: 9, out: 9 } }, quiz: { gpt: { in: 1, out: 2 } } };
    expect(pricesOf(rows, ["gpt"], { table, catalog: [] }).get("gpt")).toEqual({
      inputUsdPerMTok: 1,
      outputUsdPerMTok: 2,
      source: "list",
    });
  });

  it("finds a list price under the name after the slash, in table and catalogue", ({ expect }) => {
    const [known] = CATALOG;
    const bare = known!.id.slice(known!.id.indexOf("/") + 1);
    const models = ["acme/gpt", `reseller/${bare}`];
    const rows = [outcomeRow({ scores: Object.fromEntries(models.map((model) => [model, 1])) })];
    const prices = pricesOf(rows, models, {
      table: { any: { gpt: { in: 1, out: 2 } }, note: "read in autumn" },
      catalog: CATALOG,
    });
    expect(prices.get("acme/gpt")).toMatchObject({ inputUsdPerMTok: 1, source: "list" });
    expect(prices.get(models[1]!)).toEqual({
      inputUsdPerMTok: known!.price.inputUsdPerMTok,
      outputUsdPerMTok: known!.price.outputUsdPerMTok,
      source: "list",
    });
  });

  it("fits a price that explains the stated costs", ({ expect }) => {
    const rows = [1, 2, 3].map((n) =>
      outcomeRow({
        scores: { a: 1 },
        in_tokens: { a: 100 * n },
        out_tokens: { a: 50 * n },
        cost_usd: { a: (100 * n * 0.5 + 50 * n * 2) / 1e6 },
      }),
    );
    const { inputUsdPerMTok, outputUsdPerMTok, source } = pricesOf(rows, ["a"], NOWHERE).get("a")!;
    expect([inputUsdPerMTok, outputUsdPerMTok].map((x) => Number(x.toFixed(9)))).toEqual([0.5, 2]);
    expect(source).toBe("fitted");
  });

  it("marks a price that it made up, the same for everyone", ({ expect }) => {
    const rows = [outcomeRow({ scores: { a: 1, b: 0 } })];
    const prices = pricesOf(rows, ["a", "b"], NOWHERE);
    expect(prices.get("a")).toMatchObject({ source: "assumed" });
    expect(prices.get("a")).toEqual(prices.get("b"));
  });

  it("prices models that are named like parts of an object", ({ expect }) => {
    const rows = [
      outcomeRow({ scores: { other: 1 } }),
      outcomeRow({ dataset: "set", scores: { constructor: 1 } }),
    ];
    const table = {
      quiz: { constructor: { in: 9, out: 9 } },
      set: { constructor: { in: 1, out: 2 } },
    };
    const price = pricesOf(rows, ["constructor"], { table, catalog: [] }).get("constructor");
    expect(price).toMatchObject({ inputUsdPerMTok: 1 });
  });
});

describe("withTokens", () => {
  it("makes tokens that cost what the row states", ({ expect }) => {
    const usdPerMTok = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(usdPerMTok, usdPerMTok, fc.nat(100_000), (input, output, tokens) => {
        const cost = (INPUT_TOKENS * input + (tokens + 1) * output) / 1e6;
        const row = outcomeRow({ prompt: PROMPT, scores: { a: 1 }, cost_usd: { a: cost } });
        const price = { inputUsdPerMTok: input, outputUsdPerMTok: output, source: "list" as const };
        const [derived] = withTokens([row], new Map([["a", price]]));
        const counted = derived!.out_tokens!["a"]!;
        const again = (INPUT_TOKENS * input + counted * output) / 1e6;
        expect(again / cost).toBeCloseTo(1, 6);
      }),
    );
  });

  it("uses the row's own count of input tokens", ({ expect }) => {
    const row = outcomeRow({
      prompt: PROMPT,
      scores: { a: 1 },
      in_tokens: { a: 1_000 },
      cost_usd: { a: 0.0012 },
    });
    const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 2, source: "list" as const };
    expect(withTokens([row], new Map([["a", price]]))[0]!.out_tokens!["a"]).toBeCloseTo(100, 9);
  });

  it("keeps what was counted, leaves unpriced models out, and rows without costs alone", ({
    expect,
  }) => {
    const counted = outcomeRow({
      scores: { a: 1, b: 1 },
      out_tokens: { a: 7 },
      cost_usd: { a: 1, b: 1 },
    });
    const bare = outcomeRow({ scores: { a: 1 } });
    const free = { inputUsdPerMTok: 0, outputUsdPerMTok: 0, source: "list" as const };
    const cheap = { inputUsdPerMTok: 1, outputUsdPerMTok: 1, source: "list" as const };
    const prices = new Map([
      ["a", cheap],
      ["b", free],
    ]);
    const [first, second] = withTokens([counted, bare], prices);
    expect(first!.out_tokens).toEqual({ a: 7 });
    expect(second).toBe(bare);
  });
});
