/**
 * Small heads with made-up weights, for tests that need a release of one and not a good one. Golden vectors
 * come from the plain interpreter, so a runtime that passes them has been compared with something other
 * than itself. Equal seeds give equal bytes.
 */
import { buildInference, compileInference } from "../../router-models/graph/compile.ts";
import { interpret, shaped } from "../../router-models/graph/interpret.ts";
import { kinInference } from "../../router-models/kin/head.ts";
import type { KinGolden, KinManifest } from "../../router-models/kin/manifest.ts";
import { KIN_FEATURES } from "../../router-models/kin/tokens.ts";
import { vectorOf, type KinRunner } from "../../router-models/kin/vector.ts";
import { sha256Hex, type ReleaseFiles } from "../../router-models/release.ts";
import { madeUpWeights } from "./made-up-graph.ts";

export const TINY_KIN = { wordRows: 256, letterRows: 128, dimensions: 16 };
const define = kinInference(TINY_KIN);
const TEXTS = ["How do I boil an egg?", "Wie koche ich ein Ei?", "怎么煮鸡蛋？", ""];

/** What a test may bend. Hashes and sizes in the manifest stay true to the files. */
export interface TinyKinOptions {
  readonly seed?: number;
  readonly changeManifest?: (manifest: KinManifest) => KinManifest;
  readonly changeGolden?: (golden: KinGolden) => KinGolden;
}

export async function tinyKin(options: TinyKinOptions = {}): Promise<ReleaseFiles> {
  const { bytes: model, parameters } = compileInference(
    define,
    madeUpWeights(define, options.seed ?? 1),
  );
  const vectors: KinGolden["vectors"] = [];
  for (const text of TEXTS)
    vectors.push({
      text,
      vector: [...(await vectorOf(text, TINY_KIN, interpretedKin(parameters)))],
    });
  const golden: KinGolden = { tolerance: 1, vectors };
  const goldenBytes = jsonBytes(options.changeGolden?.(golden) ?? golden);
  const manifest: KinManifest = {
    format: 1,
    kind: "kin",
    name: "tiny",
    version: "0.0.1",
    features: KIN_FEATURES,
    shape: TINY_KIN,
    files: {
      model: { sha256: await sha256Hex(model), bytes: model.length },
      golden: { sha256: await sha256Hex(goldenBytes), bytes: goldenBytes.length },
    },
    training: { seed: 1, commit: "unknown", settings: {}, data: [] },
    metrics: {},
  };
  const changed = options.changeManifest?.(manifest) ?? manifest;
  return { manifest: jsonBytes(changed), golden: goldenBytes, model };
}

/** The tiny head in double precision, with these weights as they are. */
export function interpretedKin(parameters: Readonly<Record<string, Float32Array>>): KinRunner {
  const { outputs, values } = buildInference(define);
  const weightsByName = shaped(values, parameters);
  return {
    async run({ ids, weights }) {
      const { vector } = interpret(outputs, {
        ...weightsByName,
        ids: { dims: [ids.length], data: ids },
        weights: { dims: [1, weights.length], data: weights },
      });
      return Float32Array.from(vector!.data);
    },
  };
}

/** The tiny head of a seed, unrounded. */
export function tinyRunner(seed = 1): KinRunner {
  return interpretedKin(madeUpWeights(define, seed));
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(JSON.stringify(value)));
}
