/**
 * Runs model bytes on onnxruntime-node: on the CPU by one thread, so that results are the same on every run,
 * or on WebGPU where there is an adapter. Node only.
 */
import * as ort from "onnxruntime-node";
import type { Feed } from "../../../router-models/graph/interpret.ts";

export interface Session {
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Feed>>;
  release(): Promise<void>;
}

/** Feeds that the model does not declare are left out; int32 inputs are recognised by the model's own types. */
export async function openSession(
  bytes: Uint8Array,
  device: "cpu" | "webgpu" = "cpu",
): Promise<Session> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [device],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return {
    async run(feeds) {
      const tensors = session.inputMetadata.map((input) => {
        const feed = feeds[input.name];
        if (feed === undefined) throw new Error(`Cannot run without ${input.name}`);
        const isInt = input.isTensor && input.type === "int32";
        const tensor = isInt
          ? new ort.Tensor("int32", Int32Array.from(feed.data), feed.dims)
          : new ort.Tensor("float32", Float32Array.from(feed.data), feed.dims);
        return [input.name, tensor] as const;
      });
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => [
          name,
          { dims, data: floats(data) },
        ]),
      );
    },
    release: () => session.release(),
  };
}

/** All outputs of our graphs are float32. */
export function floats(data: unknown): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error("Cannot read an output that is not float32");
  return data;
}

/** Opens, runs once, releases. */
export async function runOnce(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Record<string, Feed>> {
  const session = await openSession(bytes);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
