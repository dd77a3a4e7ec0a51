/**
 * Two models, one threshold: how much of the strong model's advantage a router keeps when only a share of
 * the prompts may go to it. RouteLLM's metrics, computed as RouteLLM's code computes them, so that numbers
 * can be laid side by side.
 *
 * Each row has a routing score, higher for "send it to the strong model". The thresholds are the eleven
 * edges of ten equally filled bins of that score; rows at or above a threshold go to the strong model,
 * and at the last edge only rows above it do, so the curve runs from all-strong to all-weak. Between two
 * points it is a straight line, which is what choosing at random among equal scores would give: a router
 * that gives every prompt the same score comes out as a coin.
 *
 *     PGR    = (quality − weak) / (strong − weak)
 *     APGR   = area between curve and weak line / area between strong line and weak line
 *     CPT(x) = share of strong calls at which PGR reaches x
 *
 * Where the curve is not monotone CPT has several answers; the one that numpy's interpolation finds is
 * given. Equal edges, which RouteLLM's code refuses, are kept. Everything is NaN where the strong model
 * is not better than the weak one, and for no rows.
 *
 * Source: RouteLLM 2406.18665 and its code, routellm/evals/{benchmarks,evaluate}.py.
 */

/**
 * The quantiles of the edges. 3/10, 6/10 and 7/10 are a hair too large, as they are in pandas, so that an
 * edge meant to lie on a score does not slip below it by rounding.
 */
const QUANTILES = [
  0, 0.1, 0.2, 0.3000000000000001, 0.4, 0.5, 0.6000000000000002, 0.7000000000000002, 0.8, 0.9, 1,
];

/** One question put to both models. */
export interface PairRow {
  /** Place of the row in the counts of a resample. */
  readonly row: number;
  /** Higher means: send it to the strong model. Any scale. */
  readonly routing: number;
  /** Quality of each model's answer, 0..1. */
  readonly weak: number;
  readonly strong: number;
}

/** One threshold. */
export interface SharePoint {
  /** Share of rows sent to the strong model, 0..1. */
  readonly strongShare: number;
  /** Mean quality of the answers. */
  readonly quality: number;
}

/** Mean quality of each model alone. */
export interface PairMeans {
  readonly weak: number;
  readonly strong: number;
}

/** Rows in the order that the curve wants: by ascending routing score. */
export function sortByRouting(rows: readonly PairRow[]): PairRow[] {
  return rows.toSorted((a, b) => a.routing - b.routing);
}

/**
 * The curve, by ascending share, from 0 to 1; empty for no rows. `sorted` comes from `sortByRouting`;
 * `counts` says how often each row counts, once where it is left out.
 */
export function shareCurve(sorted: readonly PairRow[], counts?: Float64Array): SharePoint[] {
  const rows = counts === undefined ? sorted : repeat(sorted, counts);
  const n = rows.length;
  if (n === 0) return [];
  const weakBelow = new Float64Array(n + 1);
  const strongBelow = new Float64Array(n + 1);
  rows.forEach(({ weak, strong }, i) => {
    weakBelow[i + 1] = weakBelow[i]! + weak;
    strongBelow[i + 1] = strongBelow[i]! + strong;
  });
  return binEdges(rows)
    .map((edge, i) => {
      const first = i === QUANTILES.length - 1 ? n : firstAtOrAbove(rows, edge);
      const sum = weakBelow[first]! + strongBelow[n]! - strongBelow[first]!;
      return { strongShare: (n - first) / n, quality: sum / n };
    })
    .toReversed();
}

/** Mean quality of each model alone; NaN for no rows. */
export function pairMeans(rows: readonly PairRow[], counts?: Float64Array): PairMeans {
  let [n, weak, strong] = [0, 0, 0];
  for (const { row, weak: w, strong: s } of rows) {
    const count = counts?.[row] ?? 1;
    n += count;
    weak += count * w;
    strong += count * s;
  }
  return { weak: weak / n, strong: strong / n };
}

/** Performance gap recovered: 0 at the weak model's quality, 1 at the strong one's, beyond both outside. */
export function pgr(quality: number, { weak, strong }: PairMeans): number {
  return strong > weak ? (quality - weak) / (strong - weak) : NaN;
}

/** Average performance gap recovered over all shares; 0.5 for a coin. */
export function apgr(curve: readonly SharePoint[], means: PairMeans): number {
  let [area, width] = [0, 0];
  for (let i = 1; i < curve.length; i++) {
    const [a, b] = [curve[i - 1]!, curve[i]!];
    area += ((b.strongShare - a.strongShare) * (a.quality + b.quality)) / 2;
    width += b.strongShare - a.strongShare;
  }
  return width > 0 ? pgr(area / width, means) : NaN;
}

/** CPT: the share of strong calls, 0..1, at which the gap recovered reaches `recovered` (0..1). */
export function callShareFor(
  recovered: number,
  curve: readonly SharePoint[],
  { weak, strong }: PairMeans,
): number {
  if (!(strong > weak) || curve.length === 0) return NaN;
  return shareAt(curve, recovered * (strong - weak) + weak);
}

function repeat(sorted: readonly PairRow[], counts: Float64Array): PairRow[] {
  const rows: PairRow[] = [];
  for (const row of sorted) for (let k = counts[row.row]!; k > 0; k--) rows.push(row);
  return rows;
}

/** With numpy's arithmetic, to the last bit: rows that lie on an edge are many when scores are few. */
function binEdges(rows: readonly PairRow[]): number[] {
  return QUANTILES.map((quantile) => {
    const position = (rows.length - 1) * quantile;
    const below = Math.floor(position);
    const low = rows[below]!.routing;
    const high = rows[Math.min(below + 1, rows.length - 1)]!.routing;
    const share = position - below;
    return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
  });
}

function firstAtOrAbove(rows: readonly PairRow[], edge: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.routing >= edge) high = middle;
    else low = middle + 1;
  }
  return low;
}

function shareAt(curve: readonly SharePoint[], quality: number): number {
  const last = curve.length - 1;
  if (quality > curve[last]!.quality) return curve[last]!.strongShare;
  if (quality < curve[0]!.quality) return curve[0]!.strongShare;
  const at = segmentOf(curve, quality);
  const [a, b] = [curve[at]!, curve[at + 1]];
  if (b === undefined || a.quality === quality) return a.strongShare;
  const slope = (b.strongShare - a.strongShare) / (b.quality - a.quality);
  return a.strongShare + slope * (quality - a.quality);
}

/**
 * The i with quality in [curve[i], curve[i + 1]): the first four points one after the other, then by
 * bisection, in the first nine where the tenth is already above. The order of the probes matters only on
 * curves that are not monotone, and there it decides which crossing is found.
 */
function segmentOf(curve: readonly SharePoint[], quality: number): number {
  for (let i = 1; i < Math.min(curve.length, 4); i++) if (quality < curve[i]!.quality) return i - 1;
  let low = Math.min(curve.length, 4) - 1;
  let high = curve.length;
  if (curve.length > 10 && quality < curve[9]!.quality) high = 9;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (quality >= curve[middle]!.quality) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
