/**
 * The judge of gradients: central differences of a graph's `loss`, taken by the double-precision interpreter.
 * Their error is near 1e-10, far below float32 rounding, so limits can be tight.
 */
import { interpret, type Feed } from "../../../router-models/graph/interpret.ts";
import type { Value } from "../../../router-models/graph/ir.ts";

const DELTA = 1e-5;

/** d(loss)/d(feed) for every element of the feed `name`. */
export function finiteDifferences(
  outputs: ReadonlyMap<string, Value>,
  feeds: Readonly<Record<string, Feed>>,
  name: string,
): number[] {
  const only = new Map([["loss", outputs.get("loss")!]]);
  const { dims, data } = feeds[name]!;
  function lossAt(i: number, change: number): number {
    const moved = Float64Array.from(data);
    moved[i]! += change;
    return interpret(only, { ...feeds, [name]: { dims, data: moved } })["loss"]!.data[0]!;
  }
  return Array.from(data, (_, i) => (lossAt(i, DELTA) - lossAt(i, -DELTA)) / (2 * DELTA));
}

/** The largest difference between two lists, over the largest magnitude of the second (at least `floor`). */
export function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 0.01,
): number {
  if (actual.length !== expected.length) return Infinity;
  let [difference, largest] = [0, floor];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
    if (Number.isNaN(actual[i]!)) return Infinity;
  }
  return difference / largest;
}
