/**
 * Where a call's cost comes from when several sources could tell, in their order, and that none is made up
 * where no source knows.
 */
import { describe, it } from "vitest";
import catalogJson from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import { callCostUsd, priceOf } from "../../../scripts/evaluation/costs.ts";
import { outcomeRow } from "./outcome-rows.ts";

const { models: catalog } = parseCatalog(catalogJson);
const TABLE = {
  note: "prices for tests",
  general: { alpha: { in: 1, out: 2 }, beta: { in: 3, out: 4 } },
  quiz: { alpha: { in: 10, out: 20 } },
};

describe("priceOf", () => {
  it("looks in the set's own group first, then in the others, then in the catalogue", ({
    expect,
  }) => {
    const sources = { table: TABLE, catalog };
    expect(priceOf("alpha", "quiz", sources)).toEqual({
      inputUsdPerMTok: 10,
      outputUsdPerMTok: 20,
    });
    expect(priceOf("alpha", "poems", sources)).toEqual({ inputUsdPerMTok: 1, outputUsdPerMTok: 2 });
    const { id, price } = catalog[0]!;
    expect(priceOf(id, "quiz", sources)).toEqual(price);
    expect(priceOf(id.split("/")[1]!, "quiz", sources)).toEqual(price);
  });

  it("makes no price up", ({ expect }) => {
    expect(priceOf("gamma", "quiz", { table: TABLE, catalog })).toBeUndefined();
    expect(priceOf("toString", "quiz", { table: TABLE, catalog })).toBeUndefined();
    expect(priceOf("alpha", "quiz", { table: {}, catalog: [] })).toBeUndefined();
  });
});

describe("callCostUsd", () => {
  const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };

  it("believes the source's own figure", ({ expect }) => {
    const row = outcomeRow({
      scores: { alpha: 1 },
      cost_usd: { alpha: 0.5 },
      out_tokens: { alpha: 9 },
    });
    expect(callCostUsd(row, "alpha", price)).toBe(0.5);
    expect(callCostUsd(row, "alpha", undefined)).toBe(0.5);
  });

  it("prices counted tokens, and estimates those that nobody counted", ({ expect }) => {
    const counted = outcomeRow({
      scores: { alpha: 1 },
      in_tokens: { alpha: 1_000 },
      out_tokens: { alpha: 500 },
    });
    expect(callCostUsd(counted, "alpha", price)).toBeCloseTo(0.002, 12);
    // 40 characters are ten tokens, and the frame of a turn is four; 400 characters out are 100.
    const estimated = outcomeRow({
      prompt: "x".repeat(40),
      scores: { alpha: 1 },
      out_chars: { alpha: 400 },
    });
    expect(callCostUsd(estimated, "alpha", price)).toBeCloseTo((14 + 200) / 1e6, 12);
  });

  it("has no answer without a price or a length", ({ expect }) => {
    const row = outcomeRow({ scores: { alpha: 1 }, out_tokens: { beta: 5 } });
    expect(callCostUsd(row, "alpha", price)).toBeUndefined();
    expect(callCostUsd(row, "beta", undefined)).toBeUndefined();
  });
});
