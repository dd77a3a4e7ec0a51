/**
 * A set of pairs made ready: each text once, each pair by its texts' places, with the guards' verdict on it.
 *
 * The guards are those that serve. Pairs that share a text are not independent, so each pair knows the group within
 * which texts are joined by pairs, and intervals resample groups.
 */
import { guard, type Objection } from "../../../worker/cache/guards/guard.ts";
import { componentsOf } from "./components.ts";
import type { PairFile } from "./pair-file.ts";

/** Whether one answer serves both texts, as far as labels tell; places are those of `texts`. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly isEquivalent: boolean;
  /** The guard that refuses; undefined where none does. */
  readonly refusal: Objection["guard"] | undefined;
  readonly group: string;
}

export interface PairSet {
  readonly name: string;
  readonly texts: readonly string[];
  readonly pairs: readonly Pair[];
}

/** Asks every guard about every pair: some 60 µs each. */
export function preparePairs({ name, rows }: Pick<PairFile, "name" | "rows">): PairSet {
  const places = new Map<string, number>();
  function placeOf(text: string): number {
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, places.size);
    return places.size - 1;
  }
  const links = rows.map(({ a, b }) => [placeOf(a), placeOf(b)] as const);
  const groups = componentsOf(places.size, links);
  const pairs = rows.map(({ a, b, equivalent }, row): Pair => {
    const [placeA, placeB] = links[row]!;
    return {
      a: placeA,
      b: placeB,
      isEquivalent: equivalent,
      refusal: guard(a, b)?.guard,
      group: String(groups[placeA]),
    };
  });
  return { name, texts: [...places.keys()], pairs };
}
