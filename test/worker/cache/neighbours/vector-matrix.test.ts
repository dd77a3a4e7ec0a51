/** The matrix in its module's memory, held against plain loops. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  CHUNK_ROWS,
  MAX_DIMS,
  VectorMatrix,
} from "../../../../worker/cache/neighbours/vector-matrix.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";

function vectorOf(dims: number, random: Random): Int8Array {
  return Int8Array.from({ length: dims }, () => Math.floor(random() * 256) - 128);
}

function product(a: Int8Array, b: Int8Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

describe("a matrix of vectors", () => {
  it("multiplies any rows in any order, however often it has grown", ({ expect }) => {
    const shape = fc.record({
      dims: fc.constantFrom(16, 48, 64, 128),
      rows: fc.integer({ min: 1, max: 6_000 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ dims, rows, seed }) => {
        const random = randomFrom(seed);
        const matrix = new VectorMatrix(dims);
        const vectors = Array.from({ length: rows }, () => vectorOf(dims, random));
        for (const [row, vector] of vectors.entries()) matrix.put(row, vector);
        const query = vectorOf(dims, random);
        matrix.ask(query);
        const picked = [...vectors.keys()].filter(() => random() < 0.9).toReversed();
        const answered: number[] = [];
        while (answered.length < picked.length)
          answered.push(...matrix.dots(picked, answered.length));
        expect(answered).toEqual(picked.map((row) => product(vectors[row]!, query)));
      }),
      { numRuns: 10 },
    );
  });

  it("answers a chunk at a time, and nothing for no rows", ({ expect }) => {
    const matrix = new VectorMatrix(16);
    for (let row = 0; row < CHUNK_ROWS + 3; row++) matrix.put(row, new Int8Array(16).fill(row % 7));
    matrix.ask(new Int8Array(16).fill(1));
    const rows = Array.from({ length: CHUNK_ROWS + 3 }, (_, row) => row);
    expect(matrix.dots(rows, 0)).toHaveLength(CHUNK_ROWS);
    expect([...matrix.dots(rows, CHUNK_ROWS)]).toEqual(
      [0, 1, 2].map((more) => 16 * ((CHUNK_ROWS + more) % 7)),
    );
    expect([...matrix.dots([], 0)]).toEqual([]);
  });

  it("writes over a row", ({ expect }) => {
    const matrix = new VectorMatrix(16);
    matrix.put(2, new Int8Array(16).fill(3));
    matrix.put(2, new Int8Array(16).fill(-128));
    matrix.ask(new Int8Array(16).fill(-128));
    expect([...matrix.dots([2], 0)]).toEqual([16 * 128 * 128]);
  });

  it("grows by what is needed", ({ expect }) => {
    const matrix = new VectorMatrix(MAX_DIMS);
    matrix.put(0, new Int8Array(MAX_DIMS).fill(1));
    const small = matrix.bytes;
    matrix.put(1_000, new Int8Array(MAX_DIMS).fill(2));
    matrix.ask(new Int8Array(MAX_DIMS).fill(1));
    expect([...matrix.dots([0, 1_000], 0)]).toEqual([MAX_DIMS, 2 * MAX_DIMS]);
    expect([small <= 6 * 65_536, matrix.bytes < 1_001 * MAX_DIMS + 6 * 65_536]).toEqual([
      true,
      true,
    ]);
  });

  it.for([0, -16, 8, 20, MAX_DIMS + 16])("takes no rows of %s numbers", (dims, { expect }) => {
    expect(() => new VectorMatrix(dims)).toThrow(RangeError);
  });
});
