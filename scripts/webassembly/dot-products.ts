/**
 * The inner loop of the search for neighbours: dot products of one query with rows of an int8 matrix, chosen by their
 * numbers. On 100,000 rows of 64 numbers it takes a fifth of a millisecond where a loop in TypeScript takes five.
 *
 *     dots(query, rows, count, matrix, dims, out)
 *
 * All but `count` and `dims` are addresses in the module's memory: of the query as int16, of row numbers as uint32,
 * of the matrix as int8 and of the int32 results. Rows are taken four at a time, so that the query is read once for
 * four, and four results are one store: `count` is a multiple of 4 above 0, `dims` one of 16.
 *
 * Sixteen-bit lanes times sixteen-bit lanes, added in pairs to 32 bits, are one instruction on every processor; up
 * to 65,536 dimensions no sum can overflow.
 */
import { i32, I32, i32x4, local, loopWhile, moduleOf, v128, V128, type Code } from "./assembler.ts";

const [QUERY, ROWS, COUNT, MATRIX, DIMS, OUT] = [0, 1, 2, 3, 4, 5];
const [OUT_END, QUERY_AT, QUERY_END] = [6, 7, 8];
/** For each of the four rows where it is read, and its sums so far. */
const AT = [9, 10, 11, 12];
const SUM = [13, 14, 15, 16];
const [LOW, HIGH] = [17, 18];

/** Sixteen dimensions of the query and of four rows. */
const STEP: Code = [
  [local.get(QUERY_AT), v128.load(0), local.set(LOW)],
  [local.get(QUERY_AT), v128.load(16), local.set(HIGH)],
  AT.map((at, row) => [
    local.get(SUM[row]!),
    [local.get(at), v128.load8x8Signed(0), local.get(LOW), i32x4.dotI16x8, i32x4.add],
    [local.get(at), v128.load8x8Signed(8), local.get(HIGH), i32x4.dotI16x8, i32x4.add],
    local.set(SUM[row]!),
    advance(at, 16),
  ]),
  advance(QUERY_AT, 32),
];

/** The four sums of each row become one: a transposition of 4 × 4, with the additions on its way. */
const TOTALS: Code = [
  [pairSums(SUM[0]!, SUM[1]!), local.set(SUM[0]!)],
  [pairSums(SUM[2]!, SUM[3]!), local.set(SUM[2]!)],
  [local.get(SUM[0]!), local.get(SUM[2]!), i32x4.shuffle(0, 1, 4, 5)],
  [local.get(SUM[0]!), local.get(SUM[2]!), i32x4.shuffle(2, 3, 6, 7)],
  i32x4.add,
];

const FOUR_ROWS: Code = [
  AT.map((at, row) => [
    [local.get(ROWS), i32.load(4 * row), local.get(DIMS), i32.mul],
    [local.get(MATRIX), i32.add, local.set(at)],
  ]),
  SUM.map((sum) => [v128.zero, local.set(sum)]),
  [local.get(QUERY), local.set(QUERY_AT)],
  loopWhile(STEP, local.get(QUERY_AT), local.get(QUERY_END), i32.lessUnsigned),
  [local.get(OUT), TOTALS, v128.store(0)],
  advance(ROWS, 16),
  advance(OUT, 16),
];

const BODY: Code = [
  [local.get(OUT), local.get(COUNT), i32.const(2), i32.shl, i32.add, local.set(OUT_END)],
  [local.get(QUERY), local.get(DIMS), i32.const(1), i32.shl, i32.add, local.set(QUERY_END)],
  loopWhile(FOUR_ROWS, local.get(OUT), local.get(OUT_END), i32.lessUnsigned),
];

/** The bytes of the module, whose memory has one page at first. */
export function dotProductsModule(): Uint8Array<ArrayBuffer> {
  return moduleOf({
    name: "dots",
    parameters: [I32, I32, I32, I32, I32, I32],
    locals: [
      [7, I32],
      [6, V128],
    ],
    body: BODY,
    pages: 1,
  });
}

function advance(pointer: number, bytes: number): Code {
  return [local.get(pointer), i32.const(bytes), i32.add, local.set(pointer)];
}

/** Of the lanes a0 a1 a2 a3 and b0 b1 b2 b3: a0 + a2, b0 + b2, a1 + a3, b1 + b3. */
function pairSums(a: number, b: number): Code {
  return [
    [local.get(a), local.get(b), i32x4.shuffle(0, 4, 1, 5)],
    [local.get(a), local.get(b), i32x4.shuffle(2, 6, 3, 7)],
    i32x4.add,
  ];
}
