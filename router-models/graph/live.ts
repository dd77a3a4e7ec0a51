/**
 * Dead code: which values are needed for the outputs. Gradient rules append whatever they may need and
 * leave it to this walk to drop the rest.
 */
import type { Value } from "./ir.ts";

/** All values that `roots` depend on, themselves included, in an order of evaluation. */
export function liveValues(roots: Iterable<Value>): Value[] {
  const live = new Set<Value>();
  const waiting = [...roots];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (live.has(value)) continue;
    live.add(value);
    if (value.source.kind === "result") waiting.push(...value.source.inputs);
  }
  return [...live].toSorted((a, b) => a.id - b.id);
}
