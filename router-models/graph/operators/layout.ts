/**
 * Operators that move numbers without changing them: joining, cutting, padding, and reading or replacing
 * the rows of a table.
 *
 * Rows are where a table ends and the differentiable graph begins. `gatherRows` passes no gradient on:
 * the gradient with respect to the gathered rows is what the optimiser wants, because it then updates
 * those rows alone and puts them back with `scatterRows` (optimizer.ts). The ids must be distinct there.
 * `sumRows` is the same reading where nothing is trained.
 */
import type { Dims, Operator } from "../ir.ts";
import { expectRank, fixedSize, show } from "../shapes.ts";
import { lanes, zeros, type Tensor } from "../tensor.ts";

/** Joins values along `axis`, whose sizes must be fixed; the other sizes agree. */
export function concat(axis: number): Operator {
  return {
    name: "concat",
    shape(parts) {
      const size = parts.reduce((total, part) => total + fixedSize(part, axis), 0);
      const [joined] = parts.map((part) => part.with(axis, size));
      for (const part of parts)
        if (show(part.with(axis, size)) !== show(joined!))
          throw new Error(`Cannot join ${show(part)} to ${show(parts[0]!)} along axis ${axis}`);
      return joined!;
    },
    evaluate(parts) {
      const size = parts.reduce((total, part) => total + part.dims[axis]!, 0);
      const out = zeros(parts[0]!.dims.with(axis, size));
      let at = 0;
      for (const part of parts) {
        copyLanes(part, out, { axis, from: 0, to: at });
        at += part.dims[axis]!;
      }
      return out;
    },
    gradient({ build, inputs, dy }) {
      let at = 0;
      return inputs.map(({ dims }) => {
        const from = at;
        at += fixedSize(dims, axis);
        return build.apply(slice({ axis, from, to: at }), dy);
      });
    },
    lower: (emit, parts) => emit.node("Concat", parts, { axis }),
  };
}

/** The part from `from` (included) to `to` (excluded) along an axis of fixed size. */
export function slice({ axis, from, to }: { axis: number; from: number; to: number }): Operator {
  return {
    name: "slice",
    shape([a]) {
      const size = fixedSize(a!, axis);
      if (!(from >= 0 && from < to && to <= size))
        throw new Error(`Cannot cut ${from} to ${to} out of axis ${axis} of ${show(a!)}`);
      return a!.with(axis, to - from);
    },
    evaluate([a]) {
      const out = zeros(a!.dims.with(axis, to - from));
      copyLanes(a!, out, { axis, from, to: 0 });
      return out;
    },
    gradient({ build, inputs: [a], dy }) {
      return [build.apply(pad({ axis, before: from, after: fixedSize(a!.dims, axis) - to }), dy)];
    },
    lower(emit, [a]) {
      const bounds = [emit.integers(from), emit.integers(to), emit.integers(axis)];
      return emit.node("Slice", [a!, ...bounds]);
    },
  };
}

/** Adds zeros before and after, along an axis of fixed size. */
export function pad({
  axis,
  before,
  after,
}: {
  axis: number;
  before: number;
  after: number;
}): Operator {
  return {
    name: "pad",
    shape: ([a]) => a!.with(axis, before + fixedSize(a!, axis) + after),
    evaluate([a]) {
      const out = zeros(a!.dims.with(axis, before + a!.dims[axis]! + after));
      copyLanes(a!, out, { axis, from: 0, to: before });
      return out;
    },
    gradient({ build, inputs: [a], dy }) {
      return [
        build.apply(slice({ axis, from: before, to: before + fixedSize(a!.dims, axis) }), dy),
      ];
    },
    lower(emit, [a], [dims]) {
      const widths = [before, after].flatMap((n) => dims!.map((_, i) => (i === axis ? n : 0)));
      return emit.node("Pad", [a!, emit.integers(...widths)]);
    },
  };
}

/** The rows (or elements, of a vector) of a table that `ids` [n] names, in that order, repeats included. */
export const gatherRows: Operator = {
  name: "gatherRows",
  shape: ([table, ids]) => rowShape(table!, ids!),
  evaluate([table, ids]) {
    const width = lanes(table!.dims, 0).inner;
    const out = zeros([ids!.data.length, ...table!.dims.slice(1)]);
    ids!.data.forEach((id, i) => out.data.set(rowOf(table!, id, width), i * width));
    return out;
  },
  gradient: "none",
  lower(emit, [table, ids]) {
    const rows = emit.node("Gather", [table!, ids!], { axis: 0 });
    const scale = emit.scaleOf(table!);
    return scale === undefined ? rows : emit.node("DequantizeLinear", [rows, scale], { axis: 1 });
  },
};

/**
 * Σ weights[0, i] · table[ids[i]]: [1, width]. What gatherRows and a product say together, for the path
 * that serves: columns share a scale, so it is applied once to the sum and not to every gathered entry.
 * DequantizeLinear by columns and a cast to float are both slow in WebAssembly; with one scale for all
 * entries it is quick (LOG.md), so the codes are read with scale 1.
 */
export const sumRows: Operator = {
  name: "sumRows",
  shape([weights, table, ids]) {
    const [n, width] = rowShape(table!, ids!);
    if (show(weights!) !== show([1, n!]) || width === undefined)
      throw new Error(`Cannot sum rows of ${show(table!)} with weights ${show(weights!)}`);
    return [1, width];
  },
  evaluate([weights, table, ids]) {
    const width = lanes(table!.dims, 0).inner;
    const out = zeros([1, width]);
    ids!.data.forEach((id, i) => {
      rowOf(table!, id, width).forEach((x, d) => (out.data[d]! += weights!.data[i]! * x));
    });
    return out;
  },
  gradient: "none",
  lower(emit, [weights, table, ids]) {
    const rows = emit.node("Gather", [table!, ids!], { axis: 0 });
    const scale = emit.scaleOf(table!);
    if (scale === undefined) return emit.node("MatMul", [weights!, rows]);
    const codes = emit.node("DequantizeLinear", [rows, emit.scalar(1)]);
    return emit.node("Mul", [emit.node("MatMul", [weights!, codes]), scale]);
  },
};

/** The table with the rows at `ids` [n], all distinct, replaced by `rows`. */
export const scatterRows: Operator = {
  name: "scatterRows",
  shape([table, ids, rows]) {
    const expected = rowShape(table!, ids!);
    if (show(rows!) !== show(expected))
      throw new Error(`Cannot put ${show(rows!)} in place of ${show(expected)}`);
    return table!;
  },
  evaluate([table, ids, rows]) {
    const width = lanes(table!.dims, 0).inner;
    const out: Tensor = { dims: table!.dims, data: table!.data.slice() };
    ids!.data.forEach((id, i) => rowOf(out, id, width).set(rowOf(rows!, i, width)));
    return out;
  },
  gradient: "none",
  lower(emit, [table, ids, rows]) {
    // Unsqueeze first, cast after: WebGPU reshapes int32 but not int64. 7 = int64.
    const column = emit.node("Unsqueeze", [ids!, emit.integers(1)]);
    return emit.node("ScatterND", [table!, emit.node("Cast", [column], { to: 7 }), rows!]);
  },
};

function rowShape(table: Dims, ids: Dims): Dims {
  expectRank(ids, 1, "address rows by");
  return [ids[0]!, ...table.slice(1)];
}

function rowOf(table: Tensor, id: number, width: number): Float64Array {
  if (!(id >= 0 && id < table.dims[0]!))
    throw new Error(`Cannot read row ${id} of ${table.dims[0]}`);
  return table.data.subarray(id * width, (id + 1) * width);
}

/** Copies along `axis` from position `from` of `source` to position `to` of `target`, as much as fits both. */
function copyLanes(
  source: Tensor,
  target: Tensor,
  at: { axis: number; from: number; to: number },
): void {
  const [a, b] = [lanes(source.dims, at.axis), lanes(target.dims, at.axis)];
  const length = Math.min(a.size - at.from, b.size - at.to) * a.inner;
  for (let o = 0; o < a.outer; o++) {
    const start = (o * a.size + at.from) * a.inner;
    target.data.set(source.data.subarray(start, start + length), (o * b.size + at.to) * b.inner);
  }
}
