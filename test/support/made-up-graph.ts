/**
 * Graphs with made-up weights, and the plain interpreter as one who runs them: what tests take where they
 * need a router's graph and not a good one. Equal seeds give equal weights.
 */
import { buildInference, type InferenceDefinition } from "../../router-models/graph/compile.ts";
import { interpret, shaped } from "../../router-models/graph/interpret.ts";
import { sizeOf } from "../../router-models/graph/tensor.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";

/** A weight in [−1, 1) for every parameter of the graph, by name, before any rounding. */
export function madeUpWeights(
  define: InferenceDefinition,
  seed: number,
): Record<string, Float32Array<ArrayBuffer>> {
  const next = sequence(seed);
  const weights: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const { source, dims } of buildInference(define).values) {
    if (source.kind !== "parameter" && source.kind !== "table") continue;
    const length = sizeOf(dims.filter((dim) => typeof dim === "number"));
    weights[source.name] = Float32Array.from({ length }, next);
  }
  return weights;
}

/** Runs the graph in double precision, with these weights as they are. */
export function interpreted(
  define: InferenceDefinition,
  parameters: Readonly<Record<string, Float32Array>>,
): GraphRunner {
  const { outputs, values } = buildInference(define);
  const weightsByName = shaped(values, parameters);
  return {
    async run({ ids, weights, statistics }) {
      const { answer } = interpret(outputs, {
        ...weightsByName,
        ids: { dims: [ids.length], data: ids },
        weights: { dims: [1, weights.length], data: weights },
        statistics: { dims: [1, statistics.length], data: statistics },
      });
      return Float32Array.from(answer!.data);
    },
  };
}

/** Uniform in [−1, 1), the same for the same seed: a linear congruential generator is random enough. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
