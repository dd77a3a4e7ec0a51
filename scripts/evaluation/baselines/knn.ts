/**
 * Nearest neighbours: what models were worth on the k training prompts that are most alike.
 *
 * Alike means the cosine of the hashed bags, which have unit length, so it is their dot product. An
 * inverted index adds up the products gram by gram. A target is the plain mean over the k nearest rows
 * that have it. Published comparisons find this hard to beat, which is why it stands in every table.
 *
 * Sources: RouterBench 2403.12031 (kNN router); 2505.12601 (kNN against learned routers).
 */
import type { Features } from "../../../router-models/features/extract.ts";
import { foldsOf, leastError, meanOf, type Learnt, type Lesson } from "./lesson.ts";

/** In the order of preference among equals: the most smoothing first. */
const NEIGHBOURS = [160, 80, 40, 20, 10, 5];
const MOST = NEIGHBOURS[0]!;

/** The setting is k. `tableRows` bounds the ids of the bags. */
export function learnNeighbours(lesson: Lesson, tableRows: number): Learnt {
  const index = new BagIndex(lesson.features, tableRows);
  const means = lesson.targets.map((target) => meanOf(target));
  const errors = new Float64Array(NEIGHBOURS.length);
  for (const leftOut of foldsOf(lesson.gids)) {
    const foldMeans = lesson.targets.map((target) => meanOf(target, leftOut));
    lesson.features.forEach((features, row) => {
      if (leftOut[row] === 0) return;
      const near = index.nearest(features, MOST, leftOut);
      lesson.targets.forEach((target, t) => {
        if (Number.isNaN(target[row])) return;
        NEIGHBOURS.forEach((k, i) => {
          const predicted = meanOver(near, target, k) ?? foldMeans[t]!;
          errors[i]! += (predicted - target[row]!) ** 2;
        });
      });
    });
  }
  const setting = leastError(NEIGHBOURS, errors);
  return {
    setting,
    predict(features) {
      const near = index.nearest(features, MOST);
      return lesson.targets.map((target, t) => meanOver(near, target, setting) ?? means[t]!);
    },
  };
}

/** Mean of the first k that have the target; undefined for none. */
function meanOver(near: Int32Array, target: Float64Array, k: number): number | undefined {
  let [n, sum] = [0, 0];
  for (let i = 0; i < near.length && n < k; i++) {
    const y = target[near[i]!]!;
    if (Number.isNaN(y)) continue;
    n++;
    sum += y;
  }
  return n === 0 ? undefined : sum / n;
}

/** Bags by their grams. */
class BagIndex {
  readonly #starts: Int32Array;
  readonly #rows: Int32Array;
  readonly #weights: Float32Array;
  readonly #similarity: Float64Array;

  constructor(bags: readonly Features[], tableRows: number) {
    const starts = new Int32Array(tableRows + 1);
    for (const { ids } of bags) for (const id of ids) starts[id + 1]!++;
    for (let id = 0; id < tableRows; id++) starts[id + 1]! += starts[id]!;
    const next = starts.slice();
    this.#starts = starts;
    this.#rows = new Int32Array(starts[tableRows]!);
    this.#weights = new Float32Array(starts[tableRows]!);
    this.#similarity = new Float64Array(bags.length);
    bags.forEach(({ ids, weights }, row) =>
      ids.forEach((id, i) => {
        const at = next[id]!++;
        this.#rows[at] = row;
        this.#weights[at] = weights[i]!;
      }),
    );
  }

  /** The rows most alike, nearest first, without those left out; of equals the first. */
  nearest({ ids, weights }: Features, most: number, leftOut?: Uint8Array): Int32Array {
    const similarity = this.#similarity.fill(0);
    ids.forEach((id, i) => {
      for (let at = this.#starts[id]!; at < this.#starts[id + 1]!; at++)
        similarity[this.#rows[at]!]! += weights[i]! * this.#weights[at]!;
    });
    leftOut?.forEach((isOut, row) => {
      if (isOut === 1) similarity[row] = -1;
    });
    const floor = similarity.toSorted()[Math.max(similarity.length - most, 0)] ?? 0;
    const near: number[] = [];
    similarity.forEach((value, row) => {
      if (value >= floor && value >= 0) near.push(row);
    });
    near.sort((a, b) => similarity[b]! - similarity[a]! || a - b);
    return Int32Array.from(near.slice(0, most));
  }
}
