/**
 * Vectors of texts as they are kept and compared: unit vectors times 127, rounded.
 *
 * A number is off by half of 1/127 at most, which moves a cosine by some thousandths; in exchange a vector
 * is as many bytes as it has dimensions. A text without words has the vector of zeros, which is like nothing,
 * not even itself.
 */
import type { KinShape } from "./head.ts";
import { readText, type KinBag } from "./tokens.ts";

/** Whatever runs the head's graph. */
export interface KinRunner {
  /** float32 [dimensions], of length 1. `bag` has at least one row. */
  run(bag: KinBag): Promise<Float32Array>;
}

/** int8 [dimensions]. Rejects where the graph fails or puts out another number of numbers. */
export async function vectorOf(
  text: string,
  shape: KinShape,
  runner: KinRunner,
): Promise<Int8Array<ArrayBuffer>> {
  const bag = readText(text, shape);
  if (bag.ids.length === 0) return new Int8Array(shape.dimensions);
  const unit = await runner.run(bag);
  if (unit.length !== shape.dimensions)
    throw new Error(`The head puts out ${unit.length} numbers, not ${shape.dimensions}`);
  return Int8Array.from(unit, (x) => Math.round(127 * x));
}

/** The cosine of two vectors of one release, -1 to 1; 0 where one of them is of zeros. */
export function similarity(a: Int8Array, b: Int8Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
