/**
 * What a model is, before anybody decides how to run it: values, and the operators that make them.
 *
 * A value is a node of an acyclic graph. It is a leaf (an input, a dense parameter, a table, a constant)
 * or one operator applied to earlier values. An operator is everything that is known about itself:
 * the shape of its result, its plain evaluation, its gradient and its lowering to ONNX. So the three
 * readings of a graph (interpret.ts, gradients.ts, onnx.ts) are three walks without a single case
 * distinction over operators, and a new operator is one entry in `operators/`.
 *
 * Invariant: ids ascend, and every value is younger than its inputs; the order of ids is an order of
 * evaluation. Every result of an operator is float32; int32 appears only as an input that addresses rows.
 *
 * This file holds data types and no behaviour. Families build graphs with `Graph` (graph.ts).
 */
import type { Tensor } from "./tensor.ts";

/** A number is a fixed size; a string names a size known only at run time, such as "B" samples. */
export type Dim = number | string;
export type Dims = readonly Dim[];

export type InputType = "float32" | "int32";

/** Where a value comes from. */
export type Source =
  /** Fed by the caller at every run. */
  | { readonly kind: "input"; readonly name: string }
  /** Dense and trainable; float32 in every reading. */
  | { readonly kind: "parameter"; readonly name: string }
  /** Read by rows only, hence large: 8 bits an entry in the inference model, float32 in training. */
  | { readonly kind: "table"; readonly name: string }
  | { readonly kind: "constant"; readonly data: Float32Array<ArrayBuffer> }
  | { readonly kind: "result"; readonly operator: Operator; readonly inputs: readonly Value[] };

export interface Value {
  readonly id: number;
  readonly type: InputType;
  readonly dims: Dims;
  readonly source: Source;
}

/** Appends values to a graph; all that gradients and the optimiser need of it. */
export interface Builder {
  apply(operator: Operator, ...inputs: readonly Value[]): Value;
  scalar(value: number): Value;
}

/** What a gradient rule may use; `dy` is d(loss)/d(output). */
export interface GradientContext {
  readonly build: Builder;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly dy: Value;
}

/** One gradient for each input, or undefined where none flows. Unused ones cost nothing: dead code is dropped. */
export type GradientRule = (context: GradientContext) => readonly (Value | undefined)[];

/** Integers and lists of integers, as ONNX attributes. */
export type OnnxAttributes = Readonly<Record<string, number | readonly number[]>>;

/** Where a lowering puts its ONNX nodes. Names stand for values. */
export interface Emitter {
  /** Appends one node of the default domain, opset 21, and answers the name of its result. */
  node(operator: string, inputs: readonly string[], attributes?: OnnxAttributes): string;
  scalar(value: number): string;
  /** A list of 64-bit integers: the form in which ONNX takes axes, shapes and pads. */
  integers(...values: readonly number[]): string;
  /** The scale of a table that is stored in 8 bits (one for each column, or a single one); else undefined. */
  scaleOf(table: string): string | undefined;
}

export interface Operator {
  /** For error messages and node names. */
  readonly name: string;
  /** The shape of the result; throws where the inputs do not fit. */
  readonly shape: (inputs: readonly Dims[]) => Dims;
  readonly evaluate: (inputs: readonly Tensor[]) => Tensor;
  /** "none" where no gradient flows on purpose: the derivative is zero, or the graph ends here. */
  readonly gradient: GradientRule | "none";
  /** Only ONNX operators that ONNX Runtime has on CPU, wasm and WebGPU. */
  readonly lower: (emit: Emitter, inputs: readonly string[], shapes: readonly Dims[]) => string;
}
