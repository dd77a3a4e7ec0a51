/**
 * Ways to say how alike two texts are: the ones that need nothing learnt, and the controls.
 *
 * A similarity reads all texts once and answers a function over pairs of their places, so whatever it takes to read a
 * text (hash it, run a graph on it) is paid once a text and not once a pair. Every value lies in [-1, 1], no order of
 * two texts matters, and a text without words is like nothing.
 *
 * - `jaccard`: words in common among all words of the two
 * - `trigrams`: cosine of counts of three characters in a row, blanks and word ends included
 * - `idf-cosine`: cosine of counts of words, each weighed by how rare it is among all texts of the set. It reads more
 *   of the set than a service could; no label, though
 * - `random`, `always`: what a precision is worth that a coin reaches too
 *
 * Sources: Jaccard 1912; Salton and Buckley 1988 (weights of words).
 */
import { hashText, randomFrom } from "../../../worker/lib/prng.ts";

/** How alike the texts at two places are, -1 to 1. */
export type Compare = (a: number, b: number) => number;

export interface Similarity {
  readonly name: string;
  readonly read: (texts: readonly string[]) => Compare | Promise<Compare>;
}

/** What is known of a set's words before any text is read. */
export interface Vocabulary {
  /** Texts that have the word. */
  readonly textsWith: ReadonlyMap<string, number>;
  readonly texts: number;
}

export const jaccard: Similarity = {
  name: "jaccard",
  read(texts) {
    const sparse = sparseReader();
    const read = texts.map((text) => sparse(new Map(wordsOf(text).map((word) => [word, 1]))));
    return (a, b) => {
      const shared = dot(read[a]!, read[b]!);
      const all = read[a]!.ids.length + read[b]!.ids.length - shared;
      return all === 0 ? 0 : shared / all;
    };
  },
};

export const trigrams: Similarity = {
  name: "trigrams",
  read: (texts) => cosines(texts, (text) => counted(trigramsOf(text))),
};

/** Weights of words as `vocabulary` has them. */
export function idfCosine({ textsWith, texts: total }: Vocabulary): Similarity {
  function weighted(text: string): Map<string, number> {
    const counts = counted(wordsOf(text));
    for (const [word, count] of counts)
      counts.set(word, count * (1 + Math.log((1 + total) / (1 + (textsWith.get(word) ?? 0)))));
    return counts;
  }
  return { name: "idf-cosine", read: (texts) => cosines(texts, weighted) };
}

/** The cosine of vectors that something learnt makes of each text: the shape of a learnt head. */
export function vectorCosine(
  name: string,
  vectorOf: (text: string) => Promise<Int8Array>,
): Similarity {
  return {
    name,
    async read(texts) {
      const vectors: Int8Array[] = [];
      for (const text of texts) vectors.push(await vectorOf(text));
      const lengths = vectors.map((vector) => Math.sqrt(innerProduct(vector, vector)));
      return (a, b) => {
        const length = lengths[a]! * lengths[b]!;
        return length === 0 ? 0 : innerProduct(vectors[a]!, vectors[b]!) / length;
      };
    },
  };
}

/** The same number for the same two texts, uniform in [0, 1). */
export function randomSimilarity(seed: number): Similarity {
  return {
    name: "random",
    read: (texts) => {
      const hashes = texts.map((text) => hashText(`${seed} ${text}`));
      return (a, b) => randomFrom(hashes[a]! ^ hashes[b]!)();
    },
  };
}

export const always: Similarity = { name: "always", read: () => () => 1 };

/** Counts in how many of the texts each word stands. */
export function vocabularyOf(texts: readonly string[]): Vocabulary {
  const textsWith = new Map<string, number>();
  for (const text of texts)
    for (const word of new Set(wordsOf(text))) textsWith.set(word, (textsWith.get(word) ?? 0) + 1);
  return { textsWith, texts: texts.length };
}

function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

function trigramsOf(text: string): string[] {
  const words = wordsOf(text);
  const signs = words.length === 0 ? [] : Array.from(` ${words.join(" ")} `);
  return signs.slice(2).map((sign, k) => `${signs[k]!}${signs[k + 1]!}${sign}`);
}

function counted(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** Numbered features in rising order, with their weights. */
interface Sparse {
  readonly ids: Uint32Array;
  readonly weights: Float64Array;
}

/** A reader that numbers features as it meets them. */
function sparseReader(): (features: ReadonlyMap<string, number>) => Sparse {
  const numbers = new Map<string, number>();
  return (features) => {
    const entries = [...features].map(([feature, weight]): [number, number] => {
      const id = numbers.get(feature) ?? numbers.size;
      numbers.set(feature, id);
      return [id, weight];
    });
    entries.sort(([a], [b]) => a - b);
    return {
      ids: Uint32Array.from(entries, ([id]) => id),
      weights: Float64Array.from(entries, ([, weight]) => weight),
    };
  };
}

function cosines(
  texts: readonly string[],
  featuresOf: (text: string) => ReadonlyMap<string, number>,
): Compare {
  const sparse = sparseReader();
  const read = texts.map((text) => {
    const { ids, weights } = sparse(featuresOf(text));
    const length = Math.hypot(...weights);
    return { ids, weights: weights.map((weight) => weight / length) };
  });
  return (a, b) => Math.min(1, dot(read[a]!, read[b]!));
}

function dot(a: Sparse, b: Sparse): number {
  let [sum, i, j] = [0, 0, 0];
  while (i < a.ids.length && j < b.ids.length) {
    const apart = a.ids[i]! - b.ids[j]!;
    if (apart === 0) sum += a.weights[i]! * b.weights[j]!;
    if (apart <= 0) i++;
    if (apart >= 0) j++;
  }
  return sum;
}

function innerProduct(a: Int8Array, b: Int8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
