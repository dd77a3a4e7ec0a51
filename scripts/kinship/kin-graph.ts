/** Runs the head's graph in Node, on the WebAssembly that also runs it at the edge. */
import * as ort from "onnxruntime-web/wasm";
import type { KinShape } from "../../router-models/kin/head.ts";
import { similarity, vectorOf, type KinRunner } from "../../router-models/kin/vector.ts";
import { openWasmSession } from "../evaluation/onnx-graph.ts";
import type { Likeness } from "./measures.ts";

/** `release` frees the graph and must come after the last run has resolved. */
export interface KinGraph {
  readonly runner: KinRunner;
  release(): Promise<void>;
}

/** Rejects where the bytes are not a model. */
export async function openKinGraph(model: Uint8Array): Promise<KinGraph> {
  const session = await openWasmSession(model);
  return {
    runner: {
      async run({ ids, weights }) {
        const { vector } = await session.run({
          ids: new ort.Tensor("int32", ids, [ids.length]),
          weights: new ort.Tensor("float32", weights, [1, weights.length]),
        });
        if (vector?.data instanceof Float32Array) return vector.data;
        throw new Error('Cannot read the head: it has no float32 output "vector"');
      },
    },
    release: () => session.release(),
  };
}

/** The similarity of texts that are all in `texts`, by a model's vectors of them. */
export async function kinLikeness(
  model: Uint8Array,
  shape: KinShape,
  texts: Iterable<string>,
): Promise<Likeness> {
  const graph = await openKinGraph(model);
  const vectors = new Map<string, Int8Array>();
  for (const text of texts)
    if (!vectors.has(text)) vectors.set(text, await vectorOf(text, shape, graph.runner));
  await graph.release();
  return (a, b) => similarity(vectors.get(a)!, vectors.get(b)!);
}
