/**
 * The ONNX reading of a graph: asks every live value's operator for its nodes, and writes the model.
 *
 * What a leaf becomes depends on `stored`: a parameter or table that is listed there is part of the model,
 * as float32 or in 8 bits; any other is an input, as the state of a training step is.
 */
import type { Emitter, InputType, OnnxAttributes, Value } from "./ir.ts";
import { liveValues } from "./live.ts";
import {
  writeModel,
  type ElementType,
  type NodeSpec,
  type TensorSpec,
  type ValueSpec,
} from "./onnx.ts";
import type { Quantized } from "./quantize.ts";
import { fixedDims } from "./shapes.ts";

export type Stored = Float32Array | Quantized;

export interface Lowered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The inputs that are really used; the runtimes must be fed exactly these. */
  readonly inputs: Readonly<
    Record<string, { readonly type: InputType; readonly dims: Value["dims"] }>
  >;
}

export function lower(
  outputs: ReadonlyMap<string, Value>,
  stored: Readonly<Record<string, Stored>> = {},
): Lowered {
  const writer = new GraphWriter();
  const inputs: Record<string, { type: InputType; dims: Value["dims"] }> = {};
  const names = new Map<Value, string>();
  function nameOf(value: Value): string {
    return names.get(value)!;
  }
  for (const value of liveValues(outputs.values())) {
    const { source, dims, type } = value;
    if (source.kind === "result") {
      const shapes = source.inputs.map((input) => input.dims);
      names.set(value, source.operator.lower(writer, source.inputs.map(nameOf), shapes));
    } else if (source.kind === "constant") {
      names.set(value, writer.constant("float32", fixedDims(dims), source.data));
    } else {
      names.set(value, source.name);
      const data = stored[source.name];
      if (data !== undefined) writer.store(source.name, fixedDims(dims), data);
      else inputs[source.name] = writer.input({ name: source.name, type, dims });
    }
  }
  for (const [name, value] of outputs) writer.output(name, nameOf(value), value.dims);
  return { bytes: writer.toBytes(), inputs };
}

/** Collects the model. Equal constants are stored once. */
class GraphWriter implements Emitter {
  readonly #nodes: NodeSpec[] = [];
  readonly #inputs: ValueSpec[] = [];
  readonly #outputs: ValueSpec[] = [];
  readonly #tensors = new Map<string, TensorSpec>();
  readonly #scales = new Map<string, string>();

  node(operator: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    const output = `${operator}.${this.#nodes.length}`; // No identifier of a family contains a dot.
    this.#nodes.push({ operator, inputs, output, attributes });
    return output;
  }

  scalar(value: number): string {
    return this.constant("float32", [], Float32Array.of(value));
  }

  integers(...values: readonly number[]): string {
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  scaleOf(table: string): string | undefined {
    return this.#scales.get(table);
  }

  constant(type: ElementType, dims: readonly number[], data: TensorSpec["data"]): string {
    const key = `${type}[${dims.join()}]${data.join()}`;
    const known = this.#tensors.get(key);
    if (known !== undefined) return known.name;
    const name = `constant.${this.#tensors.size}`;
    this.#tensors.set(key, { name, type, dims, data });
    return name;
  }

  store(name: string, dims: readonly number[], data: Stored): void {
    if (data instanceof Float32Array) {
      this.#tensors.set(name, { name, type: "float32", dims, data });
      return;
    }
    const { codes, scales } = data;
    this.#tensors.set(name, { name, type: "int8", dims, data: codes });
    const scale = `${name}.scale`;
    this.#tensors.set(scale, { name: scale, type: "float32", dims: [scales.length], data: scales });
    this.#scales.set(name, scale);
  }

  input(spec: ValueSpec & { readonly type: InputType }): { type: InputType; dims: Value["dims"] } {
    this.#inputs.push(spec);
    return { type: spec.type, dims: spec.dims };
  }

  output(name: string, value: string, dims: Value["dims"]): void {
    this.#nodes.push({ operator: "Identity", inputs: [value], output: name, attributes: {} });
    this.#outputs.push({ name, type: "float32", dims });
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return writeModel({
      nodes: this.#nodes,
      constants: [...this.#tensors.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }
}
