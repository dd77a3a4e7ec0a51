/**
 * The router that ships, in its real form and at a small size, with made-up weights; and the plain
 * interpreter as one who runs it. Equal seeds give equal weights.
 */
import type { MfShape, Standardisation } from "../../router-models/families/mf.ts";
import { inferenceDefinition } from "../../router-models/families/router.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";
import { compileInference } from "../../router-models/graph/compile.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";
import { interpreted, madeUpWeights } from "../support/made-up-graph.ts";
import type { PlainRouter } from "./plain-router.ts";

export const SHAPE: MfShape = {
  tableRows: 64,
  tableWidth: 8,
  hiddenWidth: 6,
  groups: 5,
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
  const trained = madeUpWeights(define, seed);
  const { bytes, parameters } = compileInference(define, trained);
  return { shape: SHAPE, standardisation: STANDARDISATION, parameters, trained, model: bytes };
}

/** Runs the router's graph with the plain interpreter. */
export function interpreterOf({ shape, standardisation, parameters }: PlainRouter): GraphRunner {
  return interpreted(inferenceDefinition(shape, standardisation), parameters);
}
