/**
 * The plain reading of a graph: evaluates it in double precision, operator by operator.
 *
 * It is the reference. Finite differences of it judge the gradients, and the runtimes must agree with it to
 * float32 rounding. It reads a training step as well as a forward pass, since both are only graphs.
 */
import type { Dims, Value } from "./ir.ts";
import { liveValues } from "./live.ts";
import { fixedDims, show } from "./shapes.ts";
import { sizeOf, tensor, type Tensor } from "./tensor.ts";

export interface Feed {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * The outputs by name. `feeds` holds inputs, parameters and tables by name; each must fit its declared
 * shape, and a free size must be the same wherever it occurs.
 */
export function interpret(
  outputs: ReadonlyMap<string, Value>,
  feeds: Readonly<Record<string, Feed>>,
): Record<string, Tensor> {
  const results = new Map<Value, Tensor>();
  const freeSizes = new Map<string, number>();
  for (const value of liveValues(outputs.values())) {
    const { source } = value;
    if (source.kind === "constant") results.set(value, tensor(fixedDims(value.dims), source.data));
    else if (source.kind === "result")
      results.set(
        value,
        source.operator.evaluate(source.inputs.map((input) => results.get(input)!)),
      );
    else {
      const feed = feeds[source.name];
      if (feed === undefined) throw new Error(`Cannot evaluate without ${source.name}`);
      bindSizes(source.name, { declared: value.dims, actual: feed.dims, freeSizes });
      results.set(value, tensor(feed.dims, feed.data));
    }
  }
  return Object.fromEntries(Array.from(outputs, ([name, value]) => [name, results.get(value)!]));
}

/** Shapes the weights of every parameter and table among `values` as those declare. */
export function shaped(
  values: Iterable<Value>,
  weights: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const { source, dims } of values) {
    if (source.kind !== "parameter" && source.kind !== "table") continue;
    const data = weights[source.name];
    if (data === undefined) throw new Error(`Cannot find the weights of ${source.name}`);
    if (data.length !== sizeOf(fixedDims(dims)))
      throw new Error(`Cannot shape ${data.length} weights of ${source.name} as ${show(dims)}`);
    feeds[source.name] = { dims: fixedDims(dims), data };
  }
  return feeds;
}

function bindSizes(
  name: string,
  {
    declared,
    actual,
    freeSizes,
  }: { declared: Dims; actual: readonly number[]; freeSizes: Map<string, number> },
): void {
  const fits =
    declared.length === actual.length &&
    declared.every((dim, axis) => {
      const size = actual[axis]!;
      if (typeof dim === "number") return dim === size;
      if (!freeSizes.has(dim)) freeSizes.set(dim, size);
      return freeSizes.get(dim) === size;
    });
  if (!fits) throw new Error(`Cannot feed ${name} ${show(declared)} with ${show(actual)}`);
}
