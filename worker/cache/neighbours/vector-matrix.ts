/**
 * Rows of int8 in the memory of a small WebAssembly module, and their dot products with a query.
 *
 * The module (scripts/webassembly/dot-products.ts) takes rows by number, four at a time, so which rows belong
 * together is nobody's business here and a row never moves. Each matrix has a module instance and a memory of its
 * own: the memory goes when the matrix does. It grows as rows come and never shrinks.
 *
 * The memory: the query as int16, the numbers of a chunk of rows, its results; from the second page on, the rows.
 */
import wasm from "./generated/dot-products.wasm";

/** Rows that one call multiplies: numbers and results of so many fit into the first page. */
export const CHUNK_ROWS = 4_096;
/** Dimensions that one step of the module takes. */
export const STEP_DIMS = 16;
/** The longest vector that there is room for. */
export const MAX_DIMS = 1_024;

const PAGE_BYTES = 65_536;
const QUERY_AT = 0;
const ROWS_AT = 2 * MAX_DIMS;
const OUT_AT = ROWS_AT + 4 * CHUNK_ROWS;
const MATRIX_AT = PAGE_BYTES;
/** 256 KiB: growing is cheap, since nothing is copied, and a small matrix is to stay small. */
const PAGES_AT_ONCE = 4;

/** All but `count` and `dims` are addresses. */
type Dots = (
  ...args: [query: number, rows: number, count: number, matrix: number, dims: number, out: number]
) => void;

interface Views {
  readonly query: Int16Array;
  readonly rows: Uint32Array;
  readonly out: Int32Array;
  readonly matrix: Int8Array;
}

export class VectorMatrix {
  readonly dims: number;
  readonly #memory: WebAssembly.Memory;
  readonly #dots: Dots;
  #views: Views;

  /** @param dims Numbers in a row: a multiple of 16, at most `MAX_DIMS`. Throws a RangeError for another. */
  constructor(dims: number) {
    if (dims <= 0 || dims % STEP_DIMS !== 0 || dims > MAX_DIMS)
      throw new RangeError(`A row cannot have ${dims} numbers`);
    this.dims = dims;
    const { memory, dots } = new WebAssembly.Instance(wasm).exports;
    if (!(memory instanceof WebAssembly.Memory) || !isDots(dots))
      throw new TypeError("The module of dot products is another one");
    this.#memory = memory;
    this.#dots = dots;
    this.#views = this.#look();
  }

  /** Bytes of memory, used or not. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Writes a row, whether it was there or not. Throws a RangeError where there is no memory for it. */
  put(row: number, vector: Int8Array): void {
    const end = (row + 1) * this.dims;
    const missing = end - this.#views.matrix.length;
    if (missing > 0) {
      this.#memory.grow(Math.max(Math.ceil(missing / PAGE_BYTES), PAGES_AT_ONCE));
      this.#views = this.#look(); // Growing takes the memory away from all views of it.
    }
    this.#views.matrix.set(vector, end - this.dims);
  }

  /** What `dots` multiplies with from now on. */
  ask(query: Int8Array): void {
    this.#views.query.set(query);
  }

  /**
   * The products of the query with `rows[from]`, `rows[from + 1]`, …: one for each row to the list's end, at most
   * `CHUNK_ROWS`. Valid until the next call. Every row has been written before.
   */
  dots(rows: readonly number[], from: number): Int32Array {
    const { rows: asked, out } = this.#views;
    const count = Math.min(CHUNK_ROWS, rows.length - from);
    for (let i = 0; i < count; i++) asked[i] = rows[from + i]!;
    // Beyond the last one stand numbers of an earlier call, or 0: rows that are there, whose products nobody reads.
    const rounded = Math.ceil(count / 4) * 4;
    if (count > 0) this.#dots(QUERY_AT, ROWS_AT, rounded, MATRIX_AT, this.dims, OUT_AT);
    return out.subarray(0, count);
  }

  #look(): Views {
    const { buffer } = this.#memory;
    return {
      query: new Int16Array(buffer, QUERY_AT, this.dims),
      rows: new Uint32Array(buffer, ROWS_AT, CHUNK_ROWS),
      out: new Int32Array(buffer, OUT_AT, CHUNK_ROWS),
      matrix: new Int8Array(buffer, MATRIX_AT),
    };
  }
}

function isDots(exported: unknown): exported is Dots {
  return typeof exported === "function";
}
