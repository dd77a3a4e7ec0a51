/**
 * Reverse-mode differentiation: the gradient is more graph.
 *
 * Walks the values that the loss depends on, youngest first. Each operator's rule, given d(loss)/d(result),
 * appends the values d(loss)/d(input); what arrives at a value from several users is added up. When the
 * walk reaches a value, all its users have been seen, because they are younger. Since the result is
 * ordinary graph, every reading applies to it: any runtime that can infer can train.
 *
 * Only values on a path from something wanted are visited.
 */
import type { Builder, Value } from "./ir.ts";
import { liveValues } from "./live.ts";
import { add } from "./operators/elementwise.ts";
import { show } from "./shapes.ts";

/**
 * d(loss)/d(value) for the `wanted` values and all on the way to them. A wanted value that the scalar `loss`
 * does not depend on is missing from the answer.
 */
export function gradientsOf(
  build: Builder,
  loss: Value,
  wanted: readonly Value[],
): ReadonlyMap<Value, Value> {
  if (loss.dims.length !== 0)
    throw new Error(`Cannot differentiate a loss of shape ${show(loss.dims)}`);
  const live = liveValues([loss]);
  const affected = affectedBy(wanted, live);
  const gradients = new Map([[loss, build.scalar(1)]]);
  for (const value of live.toReversed()) {
    const dy = gradients.get(value);
    const { source } = value;
    if (dy === undefined || source.kind !== "result" || source.operator.gradient === "none")
      continue;
    const { inputs } = source;
    const rule = source.operator.gradient;
    rule({ build, inputs, output: value, dy }).forEach((gradient, i) => {
      const input = inputs[i]!;
      if (gradient === undefined || !affected.has(input)) return;
      const sofar = gradients.get(input);
      gradients.set(input, sofar === undefined ? gradient : build.apply(add, sofar, gradient));
    });
  }
  return gradients;
}

/** The wanted values and everything that depends on one. */
function affectedBy(wanted: readonly Value[], live: readonly Value[]): ReadonlySet<Value> {
  const affected = new Set(wanted);
  for (const value of live)
    if (value.source.kind === "result" && value.source.inputs.some((input) => affected.has(input)))
      affected.add(value);
  return affected;
}
