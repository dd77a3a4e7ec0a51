/**
 * The vectors of one shard in memory: which of a frame's are nearest to a query, and which of all is next to go.
 *
 * The search is exact: every vector of the frame is multiplied with the query, in the module behind
 * `VectorMatrix`, and those that may reach the best so far are compared by their cosine. A frame is a list of
 * row numbers, so what other frames hold costs a search nothing. A removed entry's row is taken by the next one, and
 * its place in the frame's list by the list's last.
 *
 * Entries stand in the order in which they were last used; the one that was not used for longest is the first to go.
 * What is found in other places (ids, texts) is known here by its key, a number of its owner's.
 *
 * Invariant: an entry is in `#slots`, once in its frame's list at `#places`, and nowhere else; a frame without
 * entries is not there.
 */
import { VectorMatrix } from "./vector-matrix.ts";

export interface VectorEntry {
  readonly frame: string;
  readonly vector: Int8Array;
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
}

export interface Near {
  readonly key: number;
  /** Cosine, −1 to 1. */
  readonly similarity: number;
}

export interface Search {
  readonly frame: string;
  readonly nowMs: number;
  /** 1 at least. */
  readonly count: number;
  readonly atLeast: number;
}

/** So much may a bar lie too low, that no rounding keeps out what just reaches it. */
const SLACK = 1e-9;

export class VectorTable {
  readonly dims: number;
  readonly #matrix: VectorMatrix;
  /** Rows of the matrix by key, the key that was not used for longest first. */
  readonly #slots = new Map<number, number>();
  readonly #frames = new Map<string, number[]>();
  readonly #free: number[] = [];

  // Of each row:
  readonly #keys: number[] = [];
  readonly #frameOf: string[] = [];
  /** Where it stands in its frame's list. */
  readonly #places: number[] = [];
  readonly #expiresMs: number[] = [];
  /** Squared length of its vector, a whole number. */
  readonly #squares: number[] = [];

  /** No vector but one of zeros has been shorter. */
  #leastSquare = Infinity;

  /** @param dims Numbers in a vector, as `VectorMatrix` takes them. */
  constructor(dims: number) {
    this.dims = dims;
    this.#matrix = new VectorMatrix(dims);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Bytes of the matrix; what stands beside it is some hundred bytes an entry. */
  get matrixBytes(): number {
    return this.#matrix.bytes;
  }

  /** Takes the place of an entry of the same key. The vector has `dims` numbers. */
  insert(key: number, { frame, vector, expiresMs }: VectorEntry): void {
    this.remove(key);
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#matrix.put(slot, vector);
    const mates = this.#frames.get(frame);
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#frameOf[slot] = frame;
    this.#places[slot] = mates?.length ?? 0;
    this.#expiresMs[slot] = expiresMs;
    const square = dot(vector, vector);
    this.#squares[slot] = square;
    if (square > 0) this.#leastSquare = Math.min(this.#leastSquare, square);
    if (mates === undefined) this.#frames.set(frame, [slot]);
    else mates.push(slot);
  }

  /** Whether there was such an entry. */
  remove(key: number): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#slots.delete(key);
    this.#free.push(slot);
    const frame = this.#frameOf[slot]!;
    const mates = this.#frames.get(frame)!;
    const last = mates.pop()!;
    if (last !== slot) {
      const place = this.#places[slot]!;
      mates[place] = last;
      this.#places[last] = place;
    }
    if (mates.length === 0) this.#frames.delete(frame);
    return true;
  }

  /** Makes the entry, if there is one, the last to go. */
  use(key: number): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#slots.set(key, slot);
  }

  /** The key of the entry that was not used for longest; undefined where there is none. */
  get oldest(): number | undefined {
    const [key] = this.#slots.keys();
    return key;
  }

  /** The nearest of the frame, best first, that have not expired. A query of another length finds none. */
  nearest(query: Int8Array, { frame, nowMs, count, atLeast }: Search): Near[] {
    const slots = this.#frames.get(frame);
    if (slots === undefined || query.length !== this.dims) return [];
    const best = new Best(count, atLeast);
    const square = dot(query, query);
    this.#matrix.ask(query);
    let least = leastProduct(best.bar, square * this.#leastSquare);
    for (let from = 0; from < slots.length;) {
      const dots = this.#matrix.dots(slots, from);
      for (let i = 0; i < dots.length; i++) {
        const product = dots[i]!;
        if (product < least) continue;
        const slot = slots[from + i]!;
        if (this.#expiresMs[slot]! <= nowMs) continue;
        const similarity = cosine(product, square * this.#squares[slot]!);
        if (!best.offer({ key: this.#keys[slot]!, similarity })) continue;
        least = leastProduct(best.bar, square * this.#leastSquare);
      }
      from += dots.length;
    }
    return best.found;
  }
}

/** The best few so far. */
class Best {
  readonly #count: number;
  /** Best first. */
  readonly found: Near[] = [];
  /** Nothing below is wanted. */
  bar: number;

  constructor(count: number, atLeast: number) {
    this.#count = count;
    this.bar = atLeast;
  }

  /** Whether it is taken in. */
  offer(near: Near): boolean {
    const { found } = this;
    if (near.similarity < this.bar) return false;
    if (found.length === this.#count) {
      if (near.similarity === this.bar) return false;
      found.pop();
    }
    const worse = found.findIndex(({ similarity }) => similarity < near.similarity);
    found.splice(worse === -1 ? found.length : worse, 0, near);
    if (found.length === this.#count) this.bar = found.at(-1)!.similarity;
    return true;
  }
}

/**
 * What a dot product is at least where the cosine reaches the bar, for vectors whose squared lengths multiply to
 * `squares` or more. Vectors here are of nearly equal length, so it keeps out nearly all that a root need not be taken
 * for.
 */
function leastProduct(bar: number, squares: number): number {
  return bar > 0 ? Math.max(bar * Math.sqrt(squares) * (1 - SLACK), 1) : -Infinity;
}

/** Never beyond ±1, and 1 for equal vectors: what the root is taken of is a whole number that doubles hold exactly. */
function cosine(product: number, squares: number): number {
  return squares === 0 ? 0 : product / Math.sqrt(squares);
}

function dot(a: Int8Array, b: Int8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
