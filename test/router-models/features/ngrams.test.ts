/**
 * The bag of grams against a slow reading of its own definition, and the sample that is left of a bag
 * that is too large.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { countGrams, MAX_GRAMS, type Bag } from "../../../router-models/features/ngrams.ts";

/** So many rows that different grams all but never share one. */
const ROWS = 1 << 30;

function bagOf(text: string, seed = 0): Bag {
  return countGrams([{ text, seed }], ROWS);
}

/** How often each gram of the text occurs, by the definition: words, pairs of words, letters within words. */
function gramsByDefinition(text: string): Map<string, number> {
  const words = text.match(/[a-z0-9_]+|[^a-z0-9_\s]/g) ?? [];
  const grams = words.flatMap((word, w) => {
    const own = [`word ${word}`, ...(w > 0 ? [`pair ${words[w - 1]} ${word}`] : [])];
    if (!/^[a-z0-9_]/.test(word)) return own;
    const framed = `<${word}>`;
    for (const size of [3, 4, 5])
      for (let at = 0; at + size <= framed.length; at++)
        own.push(`letters ${framed.slice(at, at + size)}`);
    return own;
  });
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

/** Distinct pseudo-words, so that any two texts made with different seeds share next to nothing. */
function unrelatedWords(count: number, seed: number): string {
  return Array.from({ length: count }, (_, i) =>
    (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)).toString(36).replace("-", "z"),
  ).join(" ");
}

/** All rows of a text's grams, however many. A word at a time fits any limit, and so do two neighbours. */
function wholeBagOf(text: string): Set<number> {
  const words = text.split(" ");
  return new Set(words.flatMap((word, w) => [...bagOf(`${words[w - 1] ?? ""} ${word}`).ids]));
}

/** Jaccard's: what is shared, of all. */
function similarity(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const shared = [...a].filter((id) => b.has(id)).length;
  return shared / (a.size + b.size - shared);
}

/** Both samples up to where the shorter one ends: with so many rows a gram's row is its hash. */
function commonSamples(a: Bag, b: Bag): [Set<number>, Set<number>] {
  const end = Math.min(Math.max(...a.ids), Math.max(...b.ids));
  return [new Set(a.ids.filter((id) => id <= end)), new Set(b.ids.filter((id) => id <= end))];
}

function logarithmic(count: number): number {
  return 1 + Math.log(count);
}

function ofLengthOne(vector: readonly number[]): number[] {
  return vector.map((x) => x / Math.hypot(...vector));
}

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 3);

describe("countGrams", () => {
  it("counts what the definition names, with sublinear weights", ({ expect }) => {
    const ascii = fc.string({
      unit: fc.constantFrom(...Array.from("abcz019_ .,!?-+\n\t")),
      maxLength: 120,
    });
    fc.assert(
      fc.property(ascii, (text) => {
        const { ids, weights } = bagOf(text);
        const expected = ofLengthOne([...gramsByDefinition(text).values()].map(logarithmic));
        expect(new Set(ids).size).toBe(expected.length);
        const sorted = [...weights].toSorted((a, b) => a - b);
        expected.toSorted((a, b) => a - b).forEach((w, i) => expect(sorted[i]).toBeCloseTo(w, 5));
      }),
    );
  });

  it("weighs many repetitions by their logarithm, far beyond the table of logarithms", ({
    expect,
  }) => {
    for (const times of [1, 2, 63, 64, 500]) {
      const counts = [times, times, times, times, ...(times > 1 ? [times - 1] : [])]; // The last a pair.
      const expected = ofLengthOne(counts.map(logarithmic));
      bagOf("ab ".repeat(times))
        .weights.toSorted((a, b) => b - a)
        .forEach((w, i) => expect(w).toBeCloseTo(expected[i]!, 5));
    }
  });

  it("treats punctuation and wide punctuation as words, spaces of any kind as gaps", ({
    expect,
  }) => {
    expect(bagOf("a b")).toEqual(bagOf("a\u00a0\u3000\u2009b"));
    expect(bagOf("a→b").ids.length).toBe(bagOf("a+b").ids.length);
    expect(bagOf("好。好").ids.length).toBe(bagOf("好+好").ids.length);
  });

  it("gives each seed grams of its own", ({ expect }) => {
    const text = "the same words twice";
    expect(similarity(new Set(bagOf(text, 0).ids), new Set(bagOf(text, 7).ids))).toBe(0);
    const both = countGrams(
      [
        { text, seed: 0 },
        { text, seed: 7 },
      ],
      ROWS,
    );
    expect(both.ids.length).toBe(2 * bagOf(text).ids.length);
  });

  it("does not join the last word of one text to the first of the next", ({ expect }) => {
    const apart = countGrams(
      [
        { text: "left", seed: 0 },
        { text: "right", seed: 0 },
      ],
      ROWS,
    );
    expect(apart.ids.length).toBe(bagOf("left right").ids.length - 1);
  });
});

describe("the sample of a large bag", () => {
  it("nearly fills its limit, and never exceeds it", ({ expect }) => {
    for (const words of [100, 200, 400, 1600]) {
      const { ids } = bagOf(unrelatedWords(words, 1));
      expect(ids.length).toBeLessThanOrEqual(MAX_GRAMS);
      expect(ids.length).toBeGreaterThan(0.95 * MAX_GRAMS);
    }
  });

  it("loses grams when a text grows, and gains none of those that it had left out", ({
    expect,
  }) => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1e6 }), (seed) => {
        const text = unrelatedWords(200, seed);
        const kept = new Set(bagOf(text).ids);
        const own = wholeBagOf(text);
        const later = bagOf(`${text} ${unrelatedWords(10, seed + 1)}`).ids;
        for (const id of later) if (own.has(id)) expect(kept).toContain(id);
      }),
    );
  });

  it("is as similar as the texts are, on average", ({ expect }) => {
    for (const [words, added] of [
      [200, 10],
      [200, 100],
      [200, 400],
    ] as const) {
      const errors = SEEDS.map((seed) => {
        const shared = unrelatedWords(words, seed);
        const [a, b] = [1, 2].map((i) => `${shared} ${unrelatedWords(added, 1000 * i + seed)}`);
        const whole = similarity(wholeBagOf(a!), wholeBagOf(b!));
        return similarity(...commonSamples(bagOf(a!), bagOf(b!))) - whole;
      });
      // One sample's deviation is 0.03 at most, that of the mean 0.005.
      expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / SEEDS.length)).toBeLessThan(
        0.015,
      );
    }
  });

  it("reads a text that repeats itself to its end", ({ expect }) => {
    const once = bagOf(unrelatedWords(60, 1));
    const many = bagOf(`${unrelatedWords(60, 1)} `.repeat(9));
    expect(many.ids.length).toBeGreaterThan(0.95 * MAX_GRAMS);
    expect(similarity(new Set(once.ids), new Set(many.ids))).toBeGreaterThan(0.98); // One pair at each join.
  });

  it("does not depend on the order of the texts", ({ expect }) => {
    const parts = [1, 2, 3].map((seed) => ({ text: unrelatedWords(150, seed), seed }));
    const sorted = [...countGrams(parts, ROWS).ids].toSorted((a, b) => a - b);
    const reversed = [...countGrams(parts.toReversed(), ROWS).ids].toSorted((a, b) => a - b);
    expect(reversed).toEqual(sorted);
  });
});
