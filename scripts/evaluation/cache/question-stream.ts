/**
 * The questions of a set as a stream of requests: each meets every question that came before, and its nearest of them
 * is what a cache would serve.
 *
 * This is stricter than judging the set's own pairs, which somebody has already picked: among thousands of questions the
 * nearest is the nearest of many. Two are equivalent where a chain of equivalent pairs joins them, unless the very two
 * are labelled different. Of most pairs nobody has said anything: they count as different, so false hits are too many
 * here, not too few.
 *
 * The nearest of all earlier ones is found exactly: each question knows its NEAREST nearest of all, and where none of
 * those came before, the few that did are all looked at.
 */
import { guard } from "../../../worker/cache/guards/guard.ts";
import { shuffle, type Random } from "../../../worker/lib/prng.ts";
import { componentsOf } from "./components.ts";
import type { PairSet } from "./pair-set.ts";
import type { Arrival } from "./requests.ts";
import type { Compare } from "./similarity.ts";

export interface Questions {
  readonly texts: readonly string[];
  readonly isEquivalent: (a: number, b: number) => boolean;
  /** Whether the labels say anything of the two, by themselves or along a chain. */
  readonly isLabelled: (a: number, b: number) => boolean;
  /** For each question, the number of those that are equivalent to one another. */
  readonly meanings: Uint32Array;
}

/** The questions of whole groups, in a random order of groups, until there are `most`. */
export function questionsOf(
  { texts, pairs }: PairSet,
  { most, random }: { readonly most: number; readonly random: Random },
): Questions {
  const members = new Map<string, Set<number>>();
  for (const { a, b, group } of pairs)
    members.set(group, (members.get(group) ?? new Set()).add(a).add(b));
  const places = new Map<number, number>();
  for (const group of shuffle([...members.values()], random)) {
    if (places.size + group.size > most) continue;
    for (const place of group) places.set(place, places.size);
  }
  const taken = pairs.filter(({ a }) => places.has(a));
  const meanings = componentsOf(
    places.size,
    taken
      .filter(({ isEquivalent }) => isEquivalent)
      .map(({ a, b }) => [places.get(a)!, places.get(b)!]),
  );
  const different = new Set(
    taken
      .filter(({ isEquivalent }) => !isEquivalent)
      .map(({ a, b }) => linkOf(places.get(a)!, places.get(b)!)),
  );
  return {
    texts: [...places.keys()].map((place) => texts[place]!),
    isEquivalent: (a, b) => meanings[a] === meanings[b] && !different.has(linkOf(a, b)),
    isLabelled: (a, b) => meanings[a] === meanings[b] || different.has(linkOf(a, b)),
    meanings,
  };
}

/** Refusals of guards, each pair asked about once. */
export function rememberedGuard(texts: readonly string[]): (a: number, b: number) => boolean {
  const known = new Map<number, boolean>();
  return (a, b) => {
    const link = linkOf(a, b);
    const isRefused = known.get(link) ?? guard(texts[a]!, texts[b]!) !== undefined;
    known.set(link, isRefused);
    return isRefused;
  };
}

/** For each question the places of its nearest, and how near they are, nearest first; NEAREST a row. */
export interface Neighbours {
  readonly compare: Compare;
  readonly places: Int32Array;
  readonly count: number;
}

const NEAREST = 24;

/** Compares every two questions once. */
export function neighboursOf(count: number, compare: Compare): Neighbours {
  const places = new Int32Array(count * NEAREST).fill(-1);
  const similarities = new Float64Array(count * NEAREST).fill(-Infinity);
  function offer(question: number, place: number, similarity: number): void {
    const first = question * NEAREST;
    let at = first + NEAREST - 1;
    if (similarity <= similarities[at]!) return;
    for (; at > first && similarities[at - 1]! < similarity; at--) {
      similarities[at] = similarities[at - 1]!;
      places[at] = places[at - 1]!;
    }
    similarities[at] = similarity;
    places[at] = place;
  }
  for (let a = 0; a < count; a++)
    for (let b = 0; b < a; b++) {
      const similarity = compare(a, b);
      offer(a, b, similarity);
      offer(b, a, similarity);
    }
  return { compare, places, count };
}

/** The questions in a random order, each with its nearest of those before; the first has none and is left out. */
export function streamOf(
  { isEquivalent, isLabelled, meanings }: Questions,
  neighbours: Neighbours,
  { refuses, random }: { refuses: (a: number, b: number) => boolean; random: Random },
): Arrival[] {
  const order = shuffle(
    Array.from({ length: neighbours.count }, (_, place) => place),
    random,
  );
  const turns = new Int32Array(order.length);
  for (const [turn, question] of order.entries()) turns[question] = turn;
  const asked = new Set<number>();
  return order.flatMap((question, turn): Arrival[] => {
    const isAnswerable = asked.has(meanings[question]!);
    asked.add(meanings[question]!);
    if (turn === 0) return [];
    const entry = nearestBefore(question, neighbours, { order, turns });
    return [
      {
        similarity: neighbours.compare(question, entry),
        entry,
        isRight: isEquivalent(question, entry),
        isLabelled: isLabelled(question, entry),
        isRefused: refuses(question, entry),
        isAnswerable,
      },
    ];
  });
}

function nearestBefore(
  question: number,
  { compare, places }: Neighbours,
  { order, turns }: { readonly order: readonly number[]; readonly turns: Int32Array },
): number {
  const turn = turns[question]!;
  for (let k = question * NEAREST; k < (question + 1) * NEAREST; k++) {
    const place = places[k]!;
    if (place >= 0 && turns[place]! < turn) return place;
  }
  let [nearest, greatest] = [order[0]!, -Infinity];
  for (let before = 0; before < turn; before++) {
    const similarity = compare(question, order[before]!);
    if (similarity > greatest) [nearest, greatest] = [order[before]!, similarity];
  }
  return nearest;
}

/** One number for two places, in either order. */
function linkOf(a: number, b: number): number {
  return Math.max(a, b) * 2 ** 26 + Math.min(a, b);
}
