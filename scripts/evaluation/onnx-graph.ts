/**
 * Runs a released router's graph in Node, on the WebAssembly that also runs it at the edge.
 *
 * Other builds of the runtime round differently in the last digits, and a router's metrics should be
 * those of the program that serves. One thread, like an isolate.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-web/wasm";
import type { GraphFeeds, GraphOutputs, GraphRunner } from "../../router-models/scorer.ts";

/** A graph that is loaded; `release` frees it and must come after the last `run` has resolved. */
export interface OpenGraph extends GraphRunner {
  release(): Promise<void>;
}

/** Loads an ONNX model. Rejects where the bytes are not one. */
export async function openGraph(model: Uint8Array): Promise<OpenGraph> {
  await prepareRuntime();
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    logSeverityLevel: 3,
  });
  const columns = abilityColumns(session);
  return {
    run: (feeds) => runSession(session, feeds, columns),
    release: () => session.release(),
  };
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
  { ids, weights, statistics, abilities }: GraphFeeds,
  columns: number,
): Promise<GraphOutputs> {
  const { Tensor } = ort;
  const outputs = await session.run({
    ids: new Tensor("int32", ids, [ids.length]),
    weights: new Tensor("float32", weights, [weights.length]),
    statistics: new Tensor("float32", statistics, [1, statistics.length]),
    abilities: new Tensor("float32", abilities, [abilities.length / columns, columns]),
  });
  function floats(name: keyof GraphOutputs): Float32Array {
    const data = outputs[name]?.data;
    if (data instanceof Float32Array) return data;
    throw new Error(`Cannot read the graph's answer: it has no float32 output "${name}"`);
  }
  return {
    logits: floats("logits"),
    difficulty: floats("difficulty"),
    task: floats("task"),
    logTokens: floats("logTokens"),
  };
}

/** A model's place is a row of the input `abilities` [models, columns]. */
function abilityColumns({ inputMetadata }: ort.InferenceSession): number {
  const input = inputMetadata.find(({ name }) => name === "abilities");
  const columns = input?.isTensor === true ? input.shape[1] : undefined;
  if (typeof columns === "number") return columns;
  throw new Error('Cannot run the graph: it has no input "abilities" [models, columns]');
}
