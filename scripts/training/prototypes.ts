/**
 * Points that stand for many: centres of groups of prompts, or prompts near such centres; and how much
 * of each prompt belongs to each of them, by the softmax that the graphs compute.
 *
 * Sources: Lloyd 1982 (k-means); Arthur and Vassilvitskii 2007 (its beginning).
 */
import { randomFrom, type Random } from "../../worker/lib/prng.ts";

const ROUNDS = 8;

export interface Points {
  /** [points, D] */
  readonly vectors: Float64Array;
  readonly width: number;
}

/** Centres of `count` groups, or of as many as there are points: [count, D]. */
export function centresOf(points: Points, count: number, seed: number): Points {
  const { vectors, width } = points;
  const n = vectors.length / width;
  let centres = firstCentres(points, Math.min(count, n), randomFrom(seed));
  const groupOf = new Int32Array(n);
  for (let round = 0; round < ROUNDS; round++) {
    const groups = centres.vectors.length / width;
    const sums = new Float64Array(centres.vectors.length);
    const sizes = new Float64Array(groups);
    for (let r = 0; r < n; r++) {
      // Most points stay where they are, and from there the others are soon seen to be further.
      const g = nearest(centres, vectors.subarray(r * width, (r + 1) * width), groupOf[r]);
      groupOf[r] = g;
      sizes[g]!++;
      for (let d = 0; d < width; d++) sums[g * width + d]! += vectors[r * width + d]!;
    }
    const old = centres.vectors;
    // An empty group stays where it is.
    centres = {
      width,
      vectors: sums.map((sum, i) => {
        const size = sizes[Math.floor(i / width)]!;
        return size === 0 ? old[i]! : sum / size;
      }),
    };
  }
  return centres;
}

/** The points nearest to these centres, each once. */
export function pointsNear(points: Points, centres: Points): Points {
  const { vectors, width } = points;
  const chosen = new Set<number>();
  for (let g = 0; g < centres.vectors.length / width; g++)
    chosen.add(nearest(points, centres.vectors.subarray(g * width, (g + 1) * width)));
  const rows = [...chosen].toSorted((a, b) => a - b);
  return {
    width,
    vectors: Float64Array.from(
      rows.flatMap((r) => [...vectors.subarray(r * width, (r + 1) * width)]),
    ),
  };
}

/** softmax(−sharpness · |q − prototype|² / 2D) over the prototypes: [points, prototypes]. */
export function sharesOf(points: Points, prototypes: Points, sharpness: number): Float32Array {
  const { vectors, width } = points;
  const n = vectors.length / width;
  const count = prototypes.vectors.length / width;
  const shares = new Float32Array(n * count);
  const logits = new Float64Array(count);
  for (let r = 0; r < n; r++) {
    const point = vectors.subarray(r * width, (r + 1) * width);
    let largest = -Infinity;
    for (let j = 0; j < count; j++) {
      logits[j] = (-sharpness / (2 * width)) * distance(prototypes, j, point);
      largest = Math.max(largest, logits[j]!);
    }
    let total = 0;
    for (let j = 0; j < count; j++) total += logits[j] = Math.exp(logits[j]! - largest);
    for (let j = 0; j < count; j++) shares[r * count + j] = logits[j]! / total;
  }
  return shares;
}

/** c of the graphs: −sharpness · |prototype|² / 2D, what is left of the distance beside the product with q. */
export function biasesOf({ vectors, width }: Points, sharpness: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: vectors.length / width }, (_, j) => {
    let square = 0;
    for (let d = 0; d < width; d++) square += vectors[j * width + d]! ** 2;
    return (-sharpness / (2 * width)) * square;
  });
}

/** One at random, then each in proportion to its squared distance from those chosen. */
function firstCentres(points: Points, count: number, random: Random): Points {
  const { vectors, width } = points;
  const n = vectors.length / width;
  const centres = new Float64Array(count * width);
  const far = new Float64Array(n).fill(Infinity);
  let next = Math.floor(random() * n);
  for (let g = 0; g < count; g++) {
    centres.set(vectors.subarray(next * width, (next + 1) * width), g * width);
    const centre = centres.subarray(g * width, (g + 1) * width);
    let total = 0;
    for (let r = 0; r < n; r++) total += far[r] = Math.min(far[r]!, distance(points, r, centre));
    let left = random() * total;
    next = far.findIndex((x) => (left -= x) < 0);
    if (next < 0) next = n - 1;
  }
  return { vectors: centres, width };
}

/** The index of the point nearest to `to`; `guess` is looked at first. */
function nearest({ vectors, width }: Points, to: Float64Array, guess = 0): number {
  const count = vectors.length / width;
  let [best, least] = [guess, distance({ vectors, width }, guess, to)];
  for (let i = 0; i < count; i++) {
    let sum = 0;
    let at = i * width;
    for (let d = 0; d < width && sum < least; d++) {
      const difference = vectors[at++]! - to[d]!;
      sum += difference * difference;
    }
    if (sum < least) [best, least] = [i, sum];
  }
  return best;
}

function distance({ vectors, width }: Points, index: number, to: Float64Array): number {
  let sum = 0;
  for (let d = 0, at = index * width; d < width; d++, at++) sum += (vectors[at]! - to[d]!) ** 2;
  return sum;
}
