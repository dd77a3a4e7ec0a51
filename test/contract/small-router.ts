/**
 * The router that ships, in its real form and at a small size, with made-up weights; and the plain
 * interpreter as one who runs it. Equal seeds give equal weights.
 */
import type { MfShape, Standardisation } from "../../router-models/families/mf.ts";
import { inferenceDefinition } from "../../router-models/families/router.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import { buildInference, compileInference } from "../../router-models/graph/compile.ts";
import { interpret, shaped } from "../../router-models/graph/interpret.ts";
import { sizeOf } from "../../router-models/graph/tensor.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";
import type { PlainRouter } from "./plain-router.ts";

export const SHAPE: MfShape = {
  tableRows: 64,
  tableWidth: 8,
  hiddenWidth: 6,
  abilityWidth: 3,
  tasks: 4,
};

export const STANDARDISATION: Standardisation = {
  mean: STATISTICS.map((_, s) => s / STATISTICS.length),
  deviation: STATISTICS.map((_, s) => (s === 0 ? 0 : 0.5 + s / STATISTICS.length)),
};

export interface SmallRouter extends PlainRouter {
  /** The ONNX model. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** The weights before any rounding. */
  readonly trained: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

export function smallRouter(seed: number): SmallRouter {
  const define = inferenceDefinition(SHAPE, STANDARDISATION);
  const next = sequence(seed);
  const trained: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const { source, dims } of buildInference(define).values) {
    if (source.kind !== "parameter" && source.kind !== "table") continue;
    const length = sizeOf(dims.filter((dim) => typeof dim === "number"));
    trained[source.name] = Float32Array.from({ length }, next);
  }
  const { bytes, parameters } = compileInference(define, trained);
  return { shape: SHAPE, standardisation: STANDARDISATION, parameters, trained, model: bytes };
}

/** Runs the router's graph with the plain interpreter. */
export function interpreterOf({ shape, standardisation, parameters }: PlainRouter): GraphRunner {
  const { outputs, values } = buildInference(inferenceDefinition(shape, standardisation));
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

/** Uniform in [−1, 1). */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
