/**
 * A training step on a device: the session, the state that goes round in it, and the way back.
 *
 * The state (parameters and moments) lives where the step runs. On the CPU that is this process; on
 * WebGPU it is the GPU's memory, which a step reads and writes without anything but the batch going
 * there and the loss coming back. Numbers are read back through a graph of nothing but Identities,
 * because asking a GPU tensor for its data ends the process. For the same reason the order is fixed:
 * read before `release`, never during a step; and one WebGPU session at a time, for all share one device.
 *
 * A table is megabytes and is written in place: the step reads it only through the rows that it
 * replaces. Small parameters get fresh outputs, since other nodes may still read the old ones.
 *
 * One CPU thread makes a run the same to the last bit on the same machine; on WebGPU sums may be taken
 * in another order on other hardware.
 */
import * as ort from "onnxruntime-node";
import type { TrainingStep } from "../../router-models/graph/compile.ts";
import { Graph } from "../../router-models/graph/graph.ts";
import { lower } from "../../router-models/graph/lower.ts";
import type { Tensor } from "./batch.ts";

export const DEVICES = ["cpu", "webgpu"] as const;
export type Device = (typeof DEVICES)[number];

/** Rejects with the remedy where there is no such device; the CPU is always there. */
export async function expectDevice(device: Device): Promise<void> {
  if (device === "cpu") return;
  const graph = new Graph("inference");
  graph.output("copy", graph.input("source", "float32", [1]));
  await (await openSession(lower(graph.outputs).bytes, device, {})).release();
}

/** Parameters and moments by name, float32 and row-major. */
export type State = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

export class StepSession {
  readonly #session: ort.InferenceSession;
  /** Leaves its outputs here. On WebGPU a session that was told to leave some there answers only all of them. */
  readonly #reading: ort.InferenceSession;
  readonly #device: Device;
  readonly #state: Record<string, ort.Tensor>;

  private constructor(
    [session, reading]: readonly [ort.InferenceSession, ort.InferenceSession],
    device: Device,
    state: Record<string, ort.Tensor>,
  ) {
    this.#session = session;
    this.#reading = reading;
    this.#device = device;
    this.#state = state;
  }

  /** `state` holds every tensor of `step.state`. Rejects as `expectDevice` does. */
  static async open(step: TrainingStep, state: State, device: Device): Promise<StepSession> {
    const next = Object.keys(step.state).map((name) => [`${name}_next`, "gpu-buffer"] as const);
    const session = await openSession(step.bytes, device, Object.fromEntries(next));
    const reading = device === "cpu" ? session : await openSession(step.bytes, device, {});
    const tensors = Object.entries(step.state).map(([name, dims]) => [
      name,
      new ort.Tensor("float32", state[name]!, dims),
    ]);
    return new StepSession([session, reading], device, Object.fromEntries(tensors));
  }

  /** One step; answers the loss. */
  async step(feeds: Readonly<Record<string, Tensor>>): Promise<number> {
    const results = await this.#session.run(this.#all(feeds), { loss: null, ...this.#fetches() });
    for (const [name, old] of Object.entries(this.#state)) {
      this.#state[name] = results[`${name}_next`]!;
      // The collector does not know how much of the GPU a tensor holds. A table is its own successor.
      if (old.location === "gpu-buffer" && !isTable(name)) old.dispose();
    }
    return floatsOf(results["loss"])[0]!;
  }

  /** One output under the present state, which stays as it is. */
  async output(feeds: Readonly<Record<string, Tensor>>, name: string): Promise<Float32Array> {
    const results = await this.#reading.run(this.#all(feeds), [name]);
    return floatsOf(results[name]);
  }

  /** The present state; on the CPU it is the very memory that the next step writes. */
  async state(): Promise<State> {
    const tensors = Object.entries(this.#state);
    const away = tensors.filter(([, tensor]) => tensor.location !== "cpu");
    const read = away.length === 0 ? {} : await readBack(Object.fromEntries(away), this.#device);
    return Object.fromEntries(
      tensors.map(([name, tensor]) => [name, read[name] ?? floatsOf(tensor)]),
    );
  }

  async release(): Promise<void> {
    for (const tensor of Object.values(this.#state))
      if (tensor.location === "gpu-buffer") tensor.dispose();
    if (this.#reading !== this.#session) await this.#reading.release();
    await this.#session.release();
  }

  #all(feeds: Readonly<Record<string, Tensor>>): Record<string, ort.Tensor> {
    const tensors = Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)] as const);
    return { ...this.#state, ...Object.fromEntries(tensors) };
  }

  /** A table is its own output, except in the first step on a GPU, when it still lies here. */
  #fetches(): Record<string, ort.Tensor | null> {
    const home = this.#device === "cpu" ? "cpu" : "gpu-buffer";
    return Object.fromEntries(
      Object.entries(this.#state).map(([name, tensor]) => [
        `${name}_next`,
        isTable(name) && tensor.location === home ? tensor : null,
      ]),
    );
  }
}

function isTable(name: string): boolean {
  return /^([mv]_)?table$/.test(name);
}

/** `outputs` says which outputs stay on a GPU; the CPU has nowhere else to leave them. */
async function openSession(
  bytes: Uint8Array,
  device: Device,
  outputs: Readonly<Record<string, "gpu-buffer">>,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(bytes, {
      executionProviders: [device],
      intraOpNumThreads: 1, // A second thread gains little at this size and costs bit-identity.
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      ...(device === "webgpu" && { preferredOutputLocation: outputs }),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (device === "cpu" || !/adapter/i.test(why)) throw cause;
    throw new Error(
      "--device webgpu: no GPU adapter was found. On Linux it takes a Vulkan driver and libvulkan.so.1 " +
        "(a vendor's driver, or Mesa 25 or newer; VK_DRIVER_FILES names one that is not found). " +
        "Without a GPU, train with --device cpu",
      { cause },
    );
  }
}

async function readBack(
  tensors: Readonly<Record<string, ort.Tensor>>,
  device: Device,
): Promise<Record<string, Float32Array<ArrayBuffer>>> {
  const graph = new Graph("inference");
  for (const [name, { dims }] of Object.entries(tensors))
    graph.output(`${name}_copy`, graph.input(name, "float32", dims));
  const session = await openSession(lower(graph.outputs).bytes, device, {});
  try {
    const copies = await session.run(tensors);
    return Object.fromEntries(
      Object.keys(tensors).map((name) => [name, floatsOf(copies[`${name}_copy`]).slice()]),
    );
  } finally {
    await session.release();
  }
}

function toOrt({ data, dims }: Tensor): ort.Tensor {
  return data instanceof Int32Array
    ? new ort.Tensor("int32", data, dims)
    : new ort.Tensor("float32", data, dims);
}

function floatsOf(tensor: ort.Tensor | undefined): Float32Array<ArrayBuffer> {
  if (tensor?.data instanceof Float32Array && tensor.data.buffer instanceof ArrayBuffer)
    return new Float32Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length);
  throw new Error("Cannot read a training step: an output is missing or not float32");
}
