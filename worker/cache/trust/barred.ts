/**
 * Clusters of entries that were wrong once: up to that similarity they are served no more.
 *
 * A share over a whole namespace says nothing of a single entry, and an entry that was wrong for a rephrasing is
 * likely to be wrong for it again. Entries differ, so taking such pairs away lowers the share of the rest,
 * and what is proven of all holds for those that are left; their own later audits count for nobody. A bar is lifted
 * by a trip, or by being forgotten: the list is short, and loses first what would be served last.
 */

/** A cluster by its mark, and the step of the ladder up to which it is barred. */
export type Bar = readonly [mark: string, step: number];

/** Bars of a namespace, and characters of a cluster's name that tell it from the others. */
export const MAX_BARS = 128;
export const MARK_LENGTH = 16;

export function isBarred(bars: readonly Bar[], cluster: string | undefined, step: number): boolean {
  return barOf(bars, cluster) >= step;
}

/** The bars with one more, or a higher one. */
export function withBar(bars: readonly Bar[], cluster: string, step: number): Bar[] {
  const raised = Math.max(barOf(bars, cluster), step);
  const others = bars.filter(([mark]) => mark !== markOf(cluster));
  const all: Bar[] = [...others, [markOf(cluster), raised]];
  if (all.length <= MAX_BARS) return all;
  const lowest = Math.min(...all.map((bar) => bar[1]));
  return all.toSpliced(
    all.findIndex((bar) => bar[1] === lowest),
    1,
  );
}

/** −1 for a cluster that is not barred, and for none. */
function barOf(bars: readonly Bar[], cluster: string | undefined): number {
  if (cluster === undefined) return -1;
  const mark = markOf(cluster);
  return bars.find((bar) => bar[0] === mark)?.[1] ?? -1;
}

function markOf(cluster: string): string {
  return cluster.slice(0, MARK_LENGTH);
}
