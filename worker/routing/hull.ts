/**
 * The upper convex hull of models over (cost, quality): the zero router.
 *
 * Alternating two models buys every point on the line between them without looking at the prompt. A
 * model below such a line costs more than a blind mix of its neighbours and answers worse, so a policy
 * that picks it loses to no policy at all. Every policy is therefore confined to the hull's corners.
 * Quality does not decrease along it: a model that costs more and promises less is never a corner.
 *
 * Source: RouterBench 2403.12031 (zero router); Andrew's monotone chain.
 */

export interface Point {
  readonly cost: number;
  readonly quality: number;
}

/** Corners by ascending cost, quality strictly ascending. Of equal points the first given is kept. */
export function upperHull<P extends Point>(points: readonly P[]): P[] {
  const sorted = points.toSorted((a, b) => a.cost - b.cost || b.quality - a.quality);
  const hull: P[] = [];
  for (const point of sorted) {
    if (hull.length > 0 && point.quality <= hull.at(-1)!.quality) continue;
    while (hull.length >= 2 && !turnsRight(hull.at(-2)!, hull.at(-1)!, point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

/** Whether `b` lies strictly above the line from `a` to `c`. */
function turnsRight(a: Point, b: Point, c: Point): boolean {
  return (b.quality - a.quality) * (c.cost - a.cost) > (c.quality - a.quality) * (b.cost - a.cost);
}
