/** The assembled inner loop, held against the plain one. */
import * as fc from "fast-check";
import { it } from "vitest";
import { dotProductsModule } from "../../../scripts/webassembly/dot-products.ts";
import { instanceOf } from "./instance.ts";

const { run: dots, buffer } = instanceOf(dotProductsModule(), "dots");

const [QUERY_AT, ROWS_AT, OUT_AT, MATRIX_AT] = [0, 2_048, 4_096, 8_192];

const asked = fc.integer({ min: 1, max: 12 }).chain((steps) => {
  const number = fc.oneof(fc.integer({ min: -128, max: 127 }), fc.constantFrom(-128, 127));
  const vector = fc.array(number, { minLength: 16 * steps, maxLength: 16 * steps });
  return fc.record({
    query: vector,
    matrix: fc.array(vector, { minLength: 1, maxLength: 9 }),
    fours: fc.integer({ min: 1, max: 5 }),
    picks: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
  });
});

it("answers what plain loops answer, and writes nowhere else", ({ expect }) => {
  fc.assert(
    fc.property(asked, ({ query, matrix, fours, picks }) => {
      const rows = picks.slice(0, 4 * fours).map((pick) => pick % matrix.length);
      const out = new Int32Array(buffer, OUT_AT, 21).fill(-7);
      new Int16Array(buffer, QUERY_AT).set(query);
      new Uint32Array(buffer, ROWS_AT).set(rows);
      new Int8Array(buffer, MATRIX_AT).set(matrix.flat());
      dots(QUERY_AT, ROWS_AT, rows.length, MATRIX_AT, query.length, OUT_AT);
      const wanted = rows.map((row) =>
        matrix[row]!.reduce((sum, value, i) => sum + value * query[i]!, 0),
      );
      expect([...out.subarray(0, rows.length + 1)]).toEqual([...wanted, -7]);
    }),
  );
});

it("does not overflow at the longest of vectors", ({ expect }) => {
  const dims = 1_024;
  new Int16Array(buffer, QUERY_AT, dims).fill(-128);
  new Int8Array(buffer, MATRIX_AT, dims).fill(-128);
  new Uint32Array(buffer, ROWS_AT, 4).fill(0);
  dots(QUERY_AT, ROWS_AT, 4, MATRIX_AT, dims, OUT_AT);
  expect([...new Int32Array(buffer, OUT_AT, 4)]).toEqual([1, 1, 1, 1].map(() => dims * 2 ** 14));
});
