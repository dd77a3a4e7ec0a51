/**
 * What hangs together: places joined by links fall into components, any two of which have no link between them.
 *
 * Source: union-find with path halving (Tarjan and van Leeuwen 1984).
 */

/** For each of `count` places, the number of its component: the same for two that links join, however indirectly. */
export function componentsOf(
  count: number,
  links: Iterable<readonly [number, number]>,
): Uint32Array {
  const above = Uint32Array.from({ length: count }, (_, place) => place);
  function rootOf(place: number): number {
    let at = place;
    while (above[at] !== at) {
      above[at] = above[above[at]!]!;
      at = above[at]!;
    }
    return at;
  }
  for (const [a, b] of links) {
    const [rootA, rootB] = [rootOf(a), rootOf(b)];
    above[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }
  return above.map((_, place) => rootOf(place));
}
