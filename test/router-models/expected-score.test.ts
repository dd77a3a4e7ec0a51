/** What a model's edition leads one to expect of it, and how far to trust that. */
import { describe, it } from "vitest";
import type { CatalogModel } from "../../router-models/catalog.ts";
import { canBePlaced, expectedScores } from "../../router-models/expected-score.ts";
import { catalogOf, type Described } from "./made-catalog.ts";

/** Models a/0, a/1 and so on. */
function editionOf(models: readonly Described[]): readonly CatalogModel[] {
  return catalogOf(Object.fromEntries(models.map((model, at) => [`a/${at}`, model])));
}

/** Scores that follow GPQA and that price knows nothing of. */
const FOLLOWS_GPQA: readonly Described[] = [
  { usdPerMTok: 2, anchors: { mmlu_pro: 0.6, gpqa_diamond: 0.4, arena_elo: 1300 } },
  { usdPerMTok: 16, anchors: { mmlu_pro: 0.7, gpqa_diamond: 0.53, arena_elo: 1320 } },
  { usdPerMTok: 1, anchors: { mmlu_pro: 0.78, gpqa_diamond: 0.65, arena_elo: 1340 } },
  { usdPerMTok: 8, anchors: { mmlu_pro: 0.84, gpqa_diamond: 0.76, arena_elo: 1360 } },
  { usdPerMTok: 4, anchors: { mmlu_pro: 0.89, gpqa_diamond: 0.86, arena_elo: 1380 } },
];

/** The other way round. */
const FOLLOWS_PRICE: readonly Described[] = [
  { usdPerMTok: 1, anchors: { mmlu_pro: 0.5, gpqa_diamond: 0.7 } },
  { usdPerMTok: 3, anchors: { mmlu_pro: 0.62, gpqa_diamond: 0.3 } },
  { usdPerMTok: 9, anchors: { mmlu_pro: 0.74, gpqa_diamond: 0.8 } },
  { usdPerMTok: 27, anchors: { mmlu_pro: 0.83, gpqa_diamond: 0.4 } },
  { usdPerMTok: 81, anchors: { mmlu_pro: 0.89, gpqa_diamond: 0.6 } },
];

/** What is expected of one more model. */
function expectationOf(model: Described, edition: readonly Described[]) {
  return expectedScores(editionOf([...edition, model])).get(`a/${edition.length}`);
}

describe("expectedScores", () => {
  it("expects nothing of a model without a price, and learns nothing from its lack", ({
    expect,
  }) => {
    const paid = editionOf(FOLLOWS_PRICE);
    const price = { inputUsdPerMTok: 0, outputUsdPerMTok: 0 };
    const [free, scored] = editionOf([
      { usdPerMTok: 1 },
      { usdPerMTok: 1, anchors: { mmlu_pro: 0.1 } },
    ]);
    const own = [
      { ...free!, id: "own/free", price },
      { ...scored!, id: "own/scored", price },
    ];
    const expected = expectedScores([...paid, ...own]);
    expect(expected.has("own/free")).toBe(false);
    for (const { id } of paid) expect(expected.get(id)).toEqual(expectedScores(paid).get(id));
    expect(own.map(canBePlaced)).toEqual([false, true]);
    expect(canBePlaced(free!)).toBe(true);
  });

  it("goes by another benchmark where that errs less than price and age", ({ expect }) => {
    const one = expectationOf({ usdPerMTok: 1, anchors: { gpqa_diamond: 0.82 } }, FOLLOWS_GPQA)!;
    expect(one).toMatchObject({ by: "gpqa_diamond", models: 5 });
    expect(one.score).toBeGreaterThan(0.83);
    expect(one.score).toBeLessThan(0.89);
  });

  it("goes by price and age where the other benchmark errs more", ({ expect }) => {
    const one = expectationOf({ usdPerMTok: 9, anchors: { gpqa_diamond: 0.3 } }, FOLLOWS_PRICE)!;
    expect(one).toMatchObject({ by: "price and age", models: 5 });
    expect(one.score).toBeGreaterThan(0.68);
    expect(one.score).toBeLessThan(0.8);
  });

  it("goes by price and age where the model quotes nothing else, or an arena alone", ({
    expect,
  }) => {
    const bare = expectationOf({ usdPerMTok: 4 }, FOLLOWS_GPQA)!;
    expect(bare.by).toBe("price and age");
    const rated = { usdPerMTok: 4, anchors: { arena_elo: 1370 } };
    expect(expectationOf(rated, FOLLOWS_GPQA)).toEqual(bare);
  });

  it("says how far the models it rests on are missed by when each is left out", ({ expect }) => {
    const edition = FOLLOWS_PRICE.map(({ usdPerMTok, anchors }) => ({
      usdPerMTok,
      anchors: { mmlu_pro: anchors!["mmlu_pro"]! },
    }));
    const misses = edition.map(({ usdPerMTok, anchors }, at) => {
      const rest = edition.filter((_, other) => other !== at);
      return logit(expectationOf({ usdPerMTok }, rest)!.score) - logit(anchors.mmlu_pro);
    });
    const error = Math.sqrt(misses.reduce((sum, miss) => sum + miss ** 2, 0) / misses.length);
    expect(expectationOf({ usdPerMTok: 2 }, edition)!.error).toBeCloseTo(error, 12);
  });

  it("trusts three models, of which none can be left out, by half a logit", ({ expect }) => {
    const three = FOLLOWS_GPQA.slice(0, 3);
    expect(expectationOf({ usdPerMTok: 1 }, three)).toMatchObject({ error: 0.5, models: 3 });
    const quoted = { usdPerMTok: 1, anchors: { gpqa_diamond: 0.82 } };
    expect(expectationOf(quoted, three)).toMatchObject({ by: "gpqa_diamond", error: 0.5 });
  });

  it("expects nothing of an edition in which fewer than three quote the benchmark", ({
    expect,
  }) => {
    expect(expectedScores(editionOf(FOLLOWS_GPQA.slice(0, 2))).size).toBe(0);
  });
});

function logit(p: number): number {
  return Math.log(p / (1 - p));
}
