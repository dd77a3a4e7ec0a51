/**
 * What a head has to beat: likeness by the words alone, with nothing learnt but how rare each is.
 */
import { wordsOf } from "../../router-models/kin/tokens.ts";
import type { Likeness } from "./measures.ts";

/** Words in both over words in either. */
export function jaccard(a: string, b: string): number {
  const [left, right] = [new Set(wordsOf(a)), new Set(wordsOf(b))];
  const shared = [...left].filter((word) => right.has(word)).length;
  return shared === 0 ? 0 : shared / (left.size + right.size - shared);
}

/** The cosine of the words' counts, each times its rarity in `texts`: ln(N / texts that have it). */
export function idfCosine(texts: readonly string[]): Likeness {
  const documents = new Map<string, number>();
  for (const text of texts)
    for (const word of new Set(wordsOf(text))) documents.set(word, (documents.get(word) ?? 0) + 1);
  const known = new Map<string, ReadonlyMap<string, number>>();
  function weightsOf(text: string): ReadonlyMap<string, number> {
    const old = known.get(text);
    if (old !== undefined) return old;
    const counts = new Map<string, number>();
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const weights = [...counts].map(([word, count]): [string, number] => [
      word,
      (1 + Math.log(count)) * Math.log((texts.length + 1) / ((documents.get(word) ?? 0) + 0.5)),
    ]);
    const length = Math.hypot(...weights.map(([, weight]) => weight)) || 1;
    const unit = new Map(weights.map(([word, weight]) => [word, weight / length]));
    known.set(text, unit);
    return unit;
  }
  return (a, b) => {
    const [left, right] = [weightsOf(a), weightsOf(b)];
    let dot = 0;
    for (const [word, weight] of left) dot += weight * (right.get(word) ?? 0);
    return dot;
  };
}
