/**
 * The builder in which a router family writes its model, once.
 *
 * A family's `forward(g)` calls these methods; what it means is decided by whoever reads the graph
 * afterwards (compile.ts, interpret.ts). Shapes are checked as each operation is added, so a mistake shows
 * at the line that made it. The mode decides two things only: how many samples a run has (`batch`), and
 * which of its two forms `bag` takes. A family may ask for the mode to add what only training needs, such
 * as a dropout mask; everything else must be the same in both, or training would fit another model.
 *
 * Shapes in comments: B samples (1 in inference), N columns, U distinct table rows of a training batch,
 * n ids of one prompt.
 */
import type { Builder, Dim, Dims, InputType, Operator, Source, Value } from "./ir.ts";
import * as elementwise from "./operators/elementwise.ts";
import * as layout from "./operators/layout.ts";
import * as linear from "./operators/linear.ts";
import * as normalize from "./operators/normalize.ts";
import * as reduce from "./operators/reduce.ts";
import { sizeOf } from "./tensor.ts";

export type Mode = "inference" | "training";

export class Graph implements Builder {
  /** The first dimension of whatever has a row for each sample: 1 in inference, "B" in training. */
  readonly batch: Dim;
  readonly mode: Mode;
  readonly #values: Value[] = [];
  readonly #outputs = new Map<string, Value>();
  readonly #names = new Map<string, Value>();
  #rows: number | undefined;

  constructor(mode: Mode) {
    this.mode = mode;
    this.batch = mode === "inference" ? 1 : "B";
  }

  /** All values in an order of evaluation. */
  get values(): readonly Value[] {
    return this.#values;
  }

  get outputs(): ReadonlyMap<string, Value> {
    return this.#outputs;
  }

  /** Something the caller feeds at every run. */
  input(name: string, type: InputType, dims: Dims): Value {
    return this.#named({ kind: "input", name }, dims, type);
  }

  /** A dense trainable tensor; kept in float32 when shipped, so meant to be small. */
  parameter(name: string, dims: readonly number[]): Value {
    return this.#named({ kind: "parameter", name }, dims);
  }

  constant(data: Float32Array | readonly number[], dims: readonly number[]): Value {
    if (data.length !== sizeOf(dims))
      throw new Error(`Cannot shape ${data.length} numbers as [${dims.join()}]`);
    return this.#add({ kind: "constant", data: Float32Array.from(data) }, dims);
  }

  scalar(value: number): Value {
    return this.constant([value], []);
  }

  output(name: string, value: Value): void {
    this.#expectFree(name);
    this.#outputs.set(name, value);
  }

  /**
   * The weighted sum of table rows: [B, width]. All bags of a graph read the same ids with the same
   * weights, so their tables have equally many rows.
   *
   * Inference feeds `ids` int32 [n] and `weights` float32 [1, n]. Training feeds `rowIds` int32 [U], the
   * distinct rows of the batch, and `bag` float32 [B, U], the same weights by row. There the gradient is
   * bagᵀ · dy, one sum for each distinct row: nothing is written twice.
   */
  bag(name: string, { rows, width }: { rows: number; width: number }): Value {
    this.#shareIds(rows);
    const table = this.#named({ kind: "table", name }, [rows, width]);
    if (this.mode === "training") {
      const bag = this.#once("bag", () => this.input("bag", "float32", ["B", "U"]));
      return this.matmul(bag, this.apply(layout.gatherRows, table, this.#ids("rowIds", "U")));
    }
    const weights = this.#once("weights", () => this.input("weights", "float32", [1, "n"]));
    return this.apply(layout.sumRows, weights, table, this.#ids("ids", "n"));
  }

  /** [M, K] · [K, N]. */
  matmul(a: Value, b: Value): Value {
    return this.apply(linear.product({}), a, b);
  }

  /** [M, K] · [N, K]ᵀ. */
  matmulTransposed(a: Value, b: Value): Value {
    return this.apply(linear.product({ transposeB: true }), a, b);
  }

  /** The four operations broadcast as numpy does: rows [N] or [1, N], columns [B, 1], scalars []. */
  add(a: Value, b: Value): Value {
    return this.apply(elementwise.add, a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.apply(elementwise.sub, a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.apply(elementwise.mul, a, b);
  }

  div(a: Value, b: Value): Value {
    return this.apply(elementwise.div, a, b);
  }

  scale(a: Value, factor: number): Value {
    return this.apply(elementwise.scale(factor), a);
  }

  addScalar(a: Value, addend: number): Value {
    return this.apply(elementwise.addScalar(addend), a);
  }

  /** max(a, floor). Where the floor holds, no gradient flows. */
  atLeast(a: Value, floor: number): Value {
    return this.apply(elementwise.atLeast(floor), a);
  }

  neg(a: Value): Value {
    return this.scale(a, -1);
  }

  relu(a: Value): Value {
    return this.apply(elementwise.relu, a);
  }

  sigmoid(a: Value): Value {
    return this.apply(elementwise.sigmoid, a);
  }

  tanh(a: Value): Value {
    return this.apply(elementwise.tanh, a);
  }

  exp(a: Value): Value {
    return this.apply(elementwise.exp, a);
  }

  log(a: Value): Value {
    return this.apply(elementwise.log, a);
  }

  square(a: Value): Value {
    return this.apply(elementwise.square, a);
  }

  sqrt(a: Value): Value {
    return this.apply(elementwise.sqrt, a);
  }

  abs(a: Value): Value {
    return this.apply(elementwise.abs, a);
  }

  /** log(1 + exp(a)), without overflow. */
  softplus(a: Value): Value {
    return this.apply(elementwise.softplus, a);
  }

  /** Over the last axis. */
  softmax(a: Value): Value {
    return this.apply(normalize.softmax, a);
  }

  /** Over the last axis. */
  logSoftmax(a: Value): Value {
    return this.apply(normalize.logSoftmax, a);
  }

  /** Joins values along an axis whose sizes are fixed. */
  concat(parts: readonly Value[], axis: number): Value {
    return this.apply(layout.concat(axis), ...parts);
  }

  /** Columns `from` (included) to `to` (excluded) of a matrix. */
  sliceColumns(a: Value, from: number, to: number): Value {
    return this.apply(layout.slice({ axis: 1, from, to }), a);
  }

  /** Over one axis, which stays with size 1 so that the result broadcasts back; or over "all", to []. */
  sum(a: Value, axis: number | "all"): Value {
    return this.apply(reduce.sumTo(axis === "all" ? [] : a.dims.with(axis, 1)), a);
  }

  /** As `sum`, divided by the number of summands. */
  mean(a: Value, axis: number | "all"): Value {
    const axes = axis === "all" ? [...a.dims.keys()] : [axis];
    return this.div(this.sum(a, axis), this.apply(reduce.count(axes), a));
  }

  /** `a`, stretched to the shape of `like` by broadcasting. */
  stretchLike(a: Value, like: Value): Value {
    return this.apply(reduce.stretchLike, a, like);
  }

  /** The same value, which the loss treats as a constant. */
  stopGradient(a: Value): Value {
    return this.apply(elementwise.stopGradient, a);
  }

  /** Appends one operator; the methods above are its readable forms. */
  apply(operator: Operator, ...inputs: readonly Value[]): Value {
    const dims = operator.shape(inputs.map((input) => input.dims));
    return this.#add({ kind: "result", operator, inputs }, dims);
  }

  #shareIds(rows: number): void {
    this.#rows ??= rows;
    if (this.#rows !== rows)
      throw new Error(`Cannot share ids between tables of ${this.#rows} and ${rows} rows`);
  }

  /** The table row numbers of this run. */
  #ids(name: string, size: string): Value {
    return this.#once(name, () => this.input(name, "int32", [size]));
  }

  #once(name: string, make: () => Value): Value {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const value = make();
    this.#names.set(name, value);
    return value;
  }

  #named(
    source: Source & { readonly name: string },
    dims: Dims,
    type: InputType = "float32",
  ): Value {
    this.#expectFree(source.name);
    const value = this.#add(source, dims, type);
    this.#names.set(source.name, value);
    return value;
  }

  /** Inputs, weights and outputs are addressed by name, so all names of a graph differ. */
  #expectFree(name: string): void {
    if (this.#names.has(name) || this.#outputs.has(name))
      throw new Error(`Cannot use the name ${name} twice`);
  }

  #add(source: Source, dims: Dims, type: InputType = "float32"): Value {
    const value: Value = { id: this.#values.length, type, dims, source };
    this.#values.push(value);
    return value;
  }
}
