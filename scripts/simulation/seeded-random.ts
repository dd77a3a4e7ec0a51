/**
 * Randomness that repeats. A simulated answer must be the same for the same model, prompt and seed, so
 * that a failing test can be run again and two runs of the demo can be compared. `hashText` turns what
 * identifies an answer into a seed, `seededRandom` turns the seed into a stream of numbers. Neither is
 * fit for secrets.
 *
 * Sources: FNV-1a (Fowler, Noll, Vo) with a murmur3 finaliser; mulberry32 (T. Ettinger), public domain.
 */

/** The next number, uniform in [0, 1). */
export type Random = () => number;

/** A 32-bit hash of a text, 0 to 2^32 - 1. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A stream of uniform numbers that depends on the seed alone. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One entry of a list that has at least one. Throws a RangeError for an empty list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new RangeError("pick needs a list with at least one entry");
  return found;
}

/** A whole number from `least` to `most`, both included. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}
