/**
 * Rounding of tables to 8 bits, symmetric, so that 0 stays exactly 0.
 *
 * A table has one scale for each column, because columns of an embedding differ in spread and a sum over
 * rows adds up the errors of one column. Invariant: an entry moves by at most half a scale.
 *
 * Source: Jacob et al., "Quantization and Training of Neural Networks", 1712.05877, section 2.
 */

const LARGEST_CODE = 127; // −128 is not used: the range stays symmetric.

export interface Quantized {
  readonly codes: Int8Array<ArrayBuffer>;
  /** As many as the table has columns. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** A table [rows, width] with one scale for each column. */
export function quantizeColumns(table: Float32Array, width: number): Quantized {
  const largest = new Float64Array(width);
  table.forEach((x, i) => {
    if (!Number.isFinite(x)) throw new Error(`Cannot quantise ${x}`);
    largest[i % width] = Math.max(largest[i % width]!, Math.abs(x));
  });
  // Any scale serves a column of zeros.
  const scales = Float32Array.from(largest, (max) => (max === 0 ? 1 : max / LARGEST_CODE));
  return { scales, codes: Int8Array.from(table, (x, i) => Math.round(x / scales[i % width]!)) };
}

/** The numbers that the shipped model computes with, as DequantizeLinear makes them. */
export function dequantize({ codes, scales }: Quantized): Float32Array<ArrayBuffer> {
  return Float32Array.from(codes, (code, i) => code * scales[i % scales.length]!);
}
