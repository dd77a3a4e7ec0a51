/** Similarities against values worked by hand, and what all of them promise. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  always,
  idfCosine,
  jaccard,
  randomSimilarity,
  trigrams,
  vectorCosine,
  vocabularyOf,
  type Similarity,
} from "../../../../scripts/evaluation/cache/similarity.ts";

async function between(similarity: Similarity, a: string, b: string): Promise<number> {
  return (await similarity.read([a, b]))(0, 1);
}

/** Ends in the code units of its text. */
function endsOf(text: string): Promise<Int8Array> {
  const codes = Array.from({ length: 16 }, (_, k) => (text.charCodeAt(k) || 0) - 64);
  return Promise.resolve(Int8Array.from(codes));
}

describe("similarities", () => {
  it("jaccard is words in common among all", async ({ expect }) => {
    expect(await between(jaccard, "Salt and pepper", "pepper, and salt!")).toBe(1);
    expect(await between(jaccard, "one two three", "two three four")).toBe(0.5);
    expect(await between(jaccard, "one one two", "one")).toBe(0.5);
    expect(await between(jaccard, "?!", "?!")).toBe(0);
  });

  it("trigrams see beginnings and ends of words", async ({ expect }) => {
    expect(await between(trigrams, "ab", "AB")).toBeCloseTo(1, 12);
    // " ab", "ab " against " ab", "abc", "bc ".
    expect(await between(trigrams, "ab", "abc")).toBeCloseTo(1 / Math.sqrt(6), 12);
    expect(await between(trigrams, "ab", "xy")).toBe(0);
  });

  it("idf-cosine holds rare words dear", async ({ expect }) => {
    const words = vocabularyOf(["the cat", "the dog", "the owl"]);
    expect(words.textsWith.get("the")).toBe(3);
    const [common, rare] = [1, 1 + Math.log(4 / 2)];
    const similarity = idfCosine(words);
    expect(await between(similarity, "the cat", "the dog")).toBeCloseTo(
      common / (common + rare ** 2),
      12,
    );
    expect(await between(similarity, "the cat", "cat")).toBeCloseTo(
      rare / Math.hypot(common, rare),
      12,
    );
  });

  it("a head's vectors are compared by angle", async ({ expect }) => {
    const vectors: Record<string, Int8Array> = {
      east: Int8Array.of(127, 0),
      north: Int8Array.of(0, 127),
      diagonal: Int8Array.of(90, 90),
      nothing: Int8Array.of(0, 0),
    };
    const head = vectorCosine("head", (text) => Promise.resolve(vectors[text]!));
    expect(await between(head, "east", "north")).toBe(0);
    expect(await between(head, "east", "diagonal")).toBeCloseTo(Math.SQRT1_2, 12);
    expect(await between(head, "east", "nothing")).toBe(0);
  });

  it.for([
    jaccard,
    trigrams,
    idfCosine(vocabularyOf(["a b", "b c"])),
    vectorCosine("ends", endsOf),
    randomSimilarity(7),
    always,
  ])("$name knows no order and stays within bounds", async (similarity, { expect }) => {
    const text = fc.string({
      unit: fc.constantFrom("a", "b", "C", " ", "é", "7", "?", "日", "😀"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 5 }), async (texts) => {
        const compare = await similarity.read(texts);
        for (let a = 0; a < texts.length; a++)
          for (let b = 0; b < texts.length; b++) {
            expect(compare(a, b)).toBe(compare(b, a));
            expect(Math.abs(compare(a, b))).toBeLessThanOrEqual(1 + 1e-12);
          }
      }),
    );
  });
});
