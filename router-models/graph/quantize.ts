/**
 * Rounding of tables to 8 bits, symmetric, so that 0 stays exactly 0.
 *
 * A table has one scale for each column, because columns of an embedding differ in spread and a sum over
 * rows adds up the errors of one column. The idf table is never negative and has a single scale.
 * Invariant: an entry moves by at most half a scale.
 *
 * Source: Jacob et al., "Quantization and Training of Neural Networks", 1712.05877, section 2.
 */

const LARGEST_INT8 = 127; // −128 is not used: the range stays symmetric.
const LARGEST_UINT8 = 255;

export interface Quantized {
  readonly codes: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  /** As many as the table has columns, or one. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** A table [rows, width] with one scale for each column. */
export function quantizeColumns(table: Float32Array, width: number): Quantized {
  const largest = new Float64Array(width);
  table.forEach((x, i) => {
    if (!Number.isFinite(x)) throw new Error(`Cannot quantise ${x}`);
    largest[i % width] = Math.max(largest[i % width]!, Math.abs(x));
  });
  const scales = Float32Array.from(largest, (max) => scaleFor(max, LARGEST_INT8));
  return { scales, codes: Int8Array.from(table, (x, i) => Math.round(x / scales[i % width]!)) };
}

/** A vector of numbers >= 0 with one scale. */
export function quantizeUnsigned(vector: Float32Array): Quantized {
  let largest = 0;
  for (const x of vector) {
    if (!(x >= 0 && x < Infinity)) throw new Error(`Cannot quantise ${x} without sign`);
    largest = Math.max(largest, x);
  }
  const scale = Math.fround(scaleFor(largest, LARGEST_UINT8));
  return {
    scales: Float32Array.of(scale),
    codes: Uint8Array.from(vector, (x) => Math.round(x / scale)),
  };
}

/** The numbers that the shipped model computes with, as DequantizeLinear makes them. */
export function dequantize({ codes, scales }: Quantized): Float32Array<ArrayBuffer> {
  return Float32Array.from(codes, (code, i) => code * scales[i % scales.length]!);
}

/** Any scale serves a column of zeros. */
function scaleFor(largest: number, largestCode: number): number {
  return largest === 0 ? 1 : largest / largestCode;
}
