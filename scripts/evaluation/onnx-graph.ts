/**
 * Runs a released router's graph in Node, on the WebAssembly that also runs it at the edge.
 *
 * Other builds of the runtime round differently in the last digits, and a router's metrics should be
 * those of the program that serves. One thread, like an isolate.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-web/wasm";
import { canary, type Release } from "../../router-models/release.ts";
import type { GraphFeeds, GraphRunner } from "../../router-models/scorer.ts";

/** A graph that is loaded; `release` frees it and must come after the last `run` has resolved. */
export interface OpenGraph extends GraphRunner {
  release(): Promise<void>;
}

/** Loads an ONNX model. Rejects where the bytes are not one. */
export async function openGraph(model: Uint8Array): Promise<OpenGraph> {
  const session = await openWasmSession(model);
  return {
    run: (feeds) => runSession(session, feeds),
    release: () => session.release(),
  };
}

/**
 * What `ask` makes of the release's graph, which is lent to it. Rejects where the release does not give its
 * golden answers, and as `ask` does.
 */
export async function withGraph<T>(
  release: Release,
  ask: (graph: OpenGraph) => Promise<T>,
): Promise<T> {
  const graph = await openGraph(release.model);
  try {
    const { failure } = await canary(release, graph);
    if (failure !== undefined)
      throw new Error(`The release does not answer as it must: ${failure}`);
    return await ask(graph);
  } finally {
    await graph.release();
  }
}

/** A session of any model; whoever holds it releases it. Rejects where the bytes are not one. */
export async function openWasmSession(model: Uint8Array): Promise<ort.InferenceSession> {
  await prepareRuntime();
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
}

async function prepareRuntime(): Promise<void> {
  if (ort.env.wasm.wasmBinary !== undefined) return;
  const path = fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  // Node's fetch cannot read file: addresses, so the runtime is handed its binary.
  const bytes = await readFile(path);
  ort.env.wasm.wasmBinary = bytes.buffer.slice(
    bytes.byteOffset,
    bytes.byteOffset + bytes.byteLength,
  );
}

async function runSession(
  session: ort.InferenceSession,
  { ids, weights, statistics }: GraphFeeds,
): Promise<Float32Array> {
  const { answer } = await session.run({
    ids: new ort.Tensor("int32", ids, [ids.length]),
    weights: new ort.Tensor("float32", weights, [1, weights.length]),
    statistics: new ort.Tensor("float32", statistics, [1, statistics.length]),
  });
  if (answer?.data instanceof Float32Array) return answer.data;
  throw new Error('Cannot read the graph\'s answer: it has no float32 output "answer"');
}
