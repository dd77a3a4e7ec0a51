/**
 * Rounding of tables to 8 bits or to 4, symmetric, so that 0 stays exactly 0.
 *
 * A table has one scale for each column, because columns of an embedding differ in spread and a sum over
 * rows adds up the errors of one column. Invariant: an entry moves by at most half a scale. Codes of
 * 4 bits are not packed: that would take half the bytes, and say the same.
 *
 * Source: Jacob et al., "Quantization and Training of Neural Networks", 1712.05877, section 2.
 */

/** The most negative code is not used, so that the range stays symmetric. */
const LARGEST_CODE = { 8: 127, 4: 7 } as const;
export type CodeBits = keyof typeof LARGEST_CODE;

export interface Quantized {
  readonly codes: Int8Array<ArrayBuffer>;
  /** As many as the table has columns. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** A table [rows, width] with one scale for each column. */
export function quantizeColumns(table: Float32Array, width: number, bits: CodeBits = 8): Quantized {
  const largest = new Float64Array(width);
  table.forEach((x, i) => {
    if (!Number.isFinite(x)) throw new Error(`Cannot quantise ${x}`);
    largest[i % width] = Math.max(largest[i % width]!, Math.abs(x));
  });
  // Any scale serves a column of zeros.
  const scales = Float32Array.from(largest, (max) => (max === 0 ? 1 : max / LARGEST_CODE[bits]));
  return { scales, codes: Int8Array.from(table, (x, i) => Math.round(x / scales[i % width]!)) };
}

/** The numbers that the shipped model computes with, as DequantizeLinear makes them. */
export function dequantize({ codes, scales }: Quantized): Float32Array<ArrayBuffer> {
  return Float32Array.from(codes, (code, i) => code * scales[i % scales.length]!);
}
