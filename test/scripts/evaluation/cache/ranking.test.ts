/** Five pairs by hand, ties and refusals included, and what holds of any. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  cutAt,
  cutsOf,
  rankingNumbers,
  rankingOf,
  sureCut,
  type Cut,
  type ScoredPair,
} from "../../../../scripts/evaluation/cache/ranking.ts";

function pair(similarity: number, isEquivalent: boolean, isRefused = false): ScoredPair {
  return { similarity, isEquivalent, isRefused };
}

/** The most alike first: right, then a tie of one right and one false, then false, then right. */
const PAIRS = [
  pair(0.5, true),
  pair(0.9, true),
  pair(0.7, false),
  pair(0.9 - 0.1, false, true),
  pair(0.8, true),
];

function once(pairs: readonly ScoredPair[]): Float64Array {
  return new Float64Array(pairs.length).fill(1);
}

/** So many right and so many wrong, of one similarity. */
function alike(similarity: number, right: number, wrong: number): ScoredPair[] {
  return Array.from({ length: right + wrong }, (_, k) => pair(similarity, k < right));
}

function cutsWith(right: number, wrong: number): Cut[] {
  return cutsOf(rankingOf(alike(0.9, right, wrong), { guarded: false }));
}

describe("a ranking", () => {
  it("has a cut wherever something changes, and ties together", ({ expect }) => {
    expect(cutsOf(rankingOf(PAIRS, { guarded: false }))).toEqual([
      { threshold: 0.9, hits: 1, falseHits: 0 },
      { threshold: 0.8, hits: 3, falseHits: 1 },
      { threshold: 0.7, hits: 4, falseHits: 2 },
      { threshold: 0.5, hits: 5, falseHits: 2 },
    ]);
    const cuts = cutsOf(rankingOf(PAIRS, { guarded: true }));
    expect(cuts.map(({ hits, falseHits }) => [hits, falseHits])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
    ]);
    expect(cutAt(cuts, 0.75)).toEqual({ threshold: 0.75, hits: 2, falseHits: 0 });
    expect(cutAt(cuts, 0.95)).toEqual({ threshold: 0.95, hits: 0, falseHits: 0 });
    expect(cutAt([{ threshold: 1 - 1e-15, hits: 1, falseHits: 0 }], 1).hits).toBe(1);
  });

  it("has the area and the recalls that follow by hand", ({ expect }) => {
    const bare = rankingNumbers(rankingOf(PAIRS, { guarded: false }), once(PAIRS));
    // Recall 1/3 at precision 1, then 2/3 at 2/3, then 2/3 at 1/2, then 1 at 3/5.
    expect(bare.aucPr).toBeCloseTo((1 + 2 / 3 + 3 / 5) / 3, 12);
    expect(bare).toMatchObject({ recall95: 1 / 3, recall99: 1 / 3, reach: 1 });
    const guarded = rankingNumbers(rankingOf(PAIRS, { guarded: true }), once(PAIRS));
    expect(guarded.aucPr).toBeCloseTo((1 + 1 + 3 / 4) / 3, 12);
    expect(guarded).toMatchObject({ recall95: 2 / 3, recall99: 2 / 3, reach: 1 });
  });

  it("reaches 99 % and 95 % where the counts say so", ({ expect }) => {
    // 99 of 100, then 100 of 104 (96.2 %), then 101 of 110 (91.8 %).
    const pairs = [...alike(0.9, 99, 1), ...alike(0.8, 1, 3), ...alike(0.7, 1, 5)];
    const { recall95, recall99 } = rankingNumbers(
      rankingOf(pairs, { guarded: false }),
      once(pairs),
    );
    expect([recall99, recall95]).toEqual([99 / 101, 100 / 101]);
  });

  it("counts what guards refuse as missed, not as absent", ({ expect }) => {
    const pairs = [pair(0.9, true, true), pair(0.8, true)];
    const numbers = rankingNumbers(rankingOf(pairs, { guarded: true }), once(pairs));
    expect(numbers).toMatchObject({ aucPr: 0.5, recall99: 0.5, reach: 0.5 });
  });

  it("is of a resample what it is of the rows drawn", ({ expect }) => {
    const counts = Float64Array.of(2, 0, 1, 1, 3);
    const drawn = PAIRS.flatMap((one, k) => Array.from({ length: counts[k]! }, () => one));
    expect(rankingNumbers(rankingOf(PAIRS, { guarded: false }), counts)).toEqual(
      rankingNumbers(rankingOf(drawn, { guarded: false }), once(drawn)),
    );
  });

  it("without an equivalent pair has no numbers", ({ expect }) => {
    const pairs = [pair(0.9, false)];
    expect(rankingNumbers(rankingOf(pairs, { guarded: false }), once(pairs)).aucPr).toBeNaN();
  });

  it("is sure of a budget only after enough hits", ({ expect }) => {
    expect(sureCut(cutsWith(298, 0), 0.01)).toBeUndefined(); // 0.99^298 > 0.05 > 0.99^299.
    expect(sureCut(cutsWith(299, 0), 0.01)).toMatchObject({ hits: 299 });
    expect(sureCut(cutsWith(400, 1), 0.01)).toBeUndefined();
    expect(sureCut(cutsWith(472, 1), 0.01)).toMatchObject({ hits: 473 });
  });

  it("reaches a recall of 99 % precision never beyond that of 95 %", ({ expect }) => {
    const scored = fc.record({
      similarity: fc.integer({ min: 0, max: 20 }).map((step) => step / 20),
      isEquivalent: fc.boolean(),
      isRefused: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(scored, { minLength: 1 }), fc.boolean(), (pairs, guarded) => {
        fc.pre(pairs.some(({ isEquivalent }) => isEquivalent));
        const ranking = rankingOf(pairs, { guarded });
        const { aucPr, recall95, recall99, reach } = rankingNumbers(ranking, once(pairs));
        expect(recall99).toBeLessThanOrEqual(recall95);
        expect(recall95).toBeLessThanOrEqual(reach);
        expect(aucPr).toBeLessThanOrEqual(reach + 1e-12);
        for (const { hits, falseHits, threshold } of cutsOf(ranking)) {
          const served = pairs.filter(
            (one) => one.similarity >= threshold && !(guarded && one.isRefused),
          );
          expect(hits).toBe(served.length);
          expect(falseHits).toBe(served.filter(({ isEquivalent }) => !isEquivalent).length);
        }
      }),
    );
  });
});
