/**
 * Sums over axes, and their counterpart: stretching a value to a larger shape.
 *
 * A sum is described by the shape that it leaves, which makes it exactly the inverse of broadcasting:
 * `sumTo` is the gradient of `stretchLike`, and `stretchLike` that of `sumTo`. Whatever broadcasts anywhere
 * in a graph is therefore differentiated by one `sumTo` of the input's shape.
 */
import type { Dims, Operator } from "../ir.ts";
import { broadcast, isSame, show, stretchedAxes } from "../shapes.ts";
import { sizeOf, sumOver, tensor, zeros, zip } from "../tensor.ts";

/** Sums over every axis that broadcasting `dims` to the input would have added or stretched. */
export function sumTo(dims: Dims): Operator {
  return {
    name: "sumTo",
    shape([a]) {
      if (!isSame(broadcast(dims, a!), a!))
        throw new Error(`Cannot sum ${show(a!)} to ${show(dims)}`);
      return dims;
    },
    evaluate([a]) {
      const { missing, ones } = stretchedAxes(a!.dims, dims);
      const summed = [...missing, ...ones].reduce(sumOver, a!);
      return { dims: summed.dims.slice(missing.length), data: summed.data };
    },
    gradient: ({ build, inputs: [a], dy }) => [build.apply(stretchLike, dy, a!)],
    lower(emit, [name], [wide]) {
      const { missing, ones } = stretchedAxes(wide!, dims);
      const kept = ones.map((axis) => axis - missing.length);
      const short =
        missing.length === 0
          ? name!
          : emit.node("ReduceSum", [name!, emit.integers(...missing)], { keepdims: 0 });
      return kept.length === 0
        ? short
        : emit.node("ReduceSum", [short, emit.integers(...kept)], { keepdims: 1 });
    },
  };
}

/** The first value, stretched to the shape of the second. */
export const stretchLike: Operator = {
  name: "stretchLike",
  shape([a, like]) {
    if (!isSame(broadcast(a!, like!), like!))
      throw new Error(`Cannot stretch ${show(a!)} to ${show(like!)}`);
    return like!;
  },
  evaluate: ([a, like]) => zip(a!, zeros(like!.dims), (x) => x),
  gradient: ({ build, inputs: [a], dy }) => [build.apply(sumTo(a!.dims), dy), undefined],
  lower: (emit, [a, like]) => emit.node("Expand", [a!, emit.node("Shape", [like!])]),
};

/** How many elements lie along `axes`, as a scalar; for means over sizes that are free. */
export function count(axes: readonly number[]): Operator {
  return {
    name: "count",
    shape: () => [],
    evaluate: ([a]) => tensor([], [sizeOf(axes.map((axis) => a!.dims[axis]!))]),
    gradient: "none", // A size does not depend on the numbers.
    lower(emit, [a]) {
      const sizes = emit.node("Gather", [emit.node("Shape", [a!]), emit.integers(...axes)], {
        axis: 0,
      });
      const floats = emit.node("Cast", [sizes], { to: 1 }); // 1 = float32
      return emit.node("ReduceProd", [floats, emit.integers(0)], { keepdims: 0 });
    },
  };
}
