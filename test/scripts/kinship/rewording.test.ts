/** Rewording by rules: kin words go where they may, a stranger differs in one word, and all by the seed. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Phrasebook } from "../../../scripts/kinship/phrasebook.ts";
import { estranged, reworded } from "../../../scripts/kinship/rewording.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

const BUY = ["buy", "purchase"];
const LOOK = ["search", "look for"];
const phrasebook: Phrasebook = {
  frames: new Map(),
  fillers: new Map(),
  kinOf: new Map([
    ...BUY.map((w) => [w, [BUY]] as const),
    ...LOOK.map((w) => [w, [LOOK]] as const),
  ]),
};
const TEXT = "Where can I buy a telescope, and how do I look for stars?";
const seeds = fc.integer({ min: 0, max: 1e6 });

describe("reworded", () => {
  it("replaces words by kin ones, pairs of words too", ({ expect }) => {
    const all = Array.from({ length: 60 }, (_, seed) =>
      reworded(TEXT, phrasebook, randomFrom(seed)),
    );
    expect(all.some((text) => text.includes("purchase a"))).toBe(true);
    expect(all.some((text) => text.includes("search stars"))).toBe(true);
  });

  it("says the same for a seed, and keeps most of the words", ({ expect }) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const text = reworded(TEXT, phrasebook, randomFrom(seed));
        expect(text).toBe(reworded(TEXT, phrasebook, randomFrom(seed)));
        const words = new Set(text.toLowerCase().split(" "));
        const kept = TEXT.toLowerCase()
          .split(" ")
          .filter((word) => words.has(word));
        expect(kept.length).toBeGreaterThanOrEqual(6);
      }),
    );
  });
});

describe("estranged", () => {
  it("changes one word, none of them small, and never into a kin one", ({ expect }) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const others = ["purchase", "volcano"];
        const text = estranged("Where can I buy a telescope", phrasebook, { others, random });
        if (text === undefined) return;
        const [was, is] = ["Where can I buy a telescope".split(" "), text.split(" ")];
        const changed = was.flatMap((word, at) => (word === is[at] ? [] : [`${word} ${is[at]}`]));
        expect(changed).toHaveLength(1);
        expect(["buy volcano", "telescope volcano", "telescope purchase"]).toContain(changed[0]);
      }),
    );
  });

  it("has nothing to change where all words are small", ({ expect }) => {
    expect(
      estranged("how is it", phrasebook, { others: ["volcano"], random: randomFrom(1) }),
    ).toBeUndefined();
  });
});
