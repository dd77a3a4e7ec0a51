/**
 * Randomness that repeats: a seed gives the same numbers on every machine.
 *
 * Training shuffles and draws its first weights by it, a bootstrap its samples, the simulated vendor its
 * answers; a failure can be run again and two runs can be compared. Not fit for secrets.
 *
 * Sources: mulberry32 (T. Ettinger, public domain); FNV-1a (Fowler, Noll, Vo) with Murmur3's finaliser;
 * Box and Muller; Fisher and Yates.
 */

/** The next number, uniform in [0, 1). */
export type Random = () => number;

/** A stream of uniform numbers that depends on the seed alone. @param seed Taken modulo 2^32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A 32-bit hash of a text's UTF-16 units, 0 to 2^32 − 1: turns a name into a seed or a bucket. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Standard normal numbers. */
export function normalFrom(random: Random): Random {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Puts the items into a random order, in place, and answers them. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

/** One entry of a list. Throws a RangeError for an empty one. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new RangeError("Cannot pick from an empty list");
  return found;
}

/** A whole number from `least` to `most`, both included. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}
