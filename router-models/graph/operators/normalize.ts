/**
 * Softmax and its logarithm, over the last axis. The logarithm is an operator of its own because
 * log(softmax(x)) is −∞ as soon as a probability underflows.
 */
import type { Dims, Operator } from "../ir.ts";
import { lanes, zeros, type Tensor } from "../tensor.ts";
import { exp, mul, sub } from "./elementwise.ts";
import { sumTo } from "./reduce.ts";

/** dx = y ∘ (dy − Σ dy ∘ y). */
export const softmax: Operator = {
  name: "softmax",
  shape: ([a]) => a!,
  evaluate: ([a]) => overRows(a!, (x, logSum) => Math.exp(x - logSum)),
  gradient({ build, output, dy }) {
    const perRow = sumTo(withoutColumns(output.dims));
    const mean = build.apply(perRow, build.apply(mul, dy, output));
    return [build.apply(mul, output, build.apply(sub, dy, mean))];
  },
  lower: (emit, [a]) => emit.node("Softmax", [a!], { axis: -1 }),
};

/** x − max − log Σ exp(x − max); dx = dy − softmax(x) ∘ Σ dy. */
export const logSoftmax: Operator = {
  name: "logSoftmax",
  shape: ([a]) => a!,
  evaluate: ([a]) => overRows(a!, (x, logSum) => x - logSum),
  gradient({ build, output, dy }) {
    const total = build.apply(sumTo(withoutColumns(output.dims)), dy);
    return [build.apply(sub, dy, build.apply(mul, build.apply(exp, output), total))];
  },
  lower(emit, [a]) {
    const last = emit.integers(-1);
    const shifted = emit.node("Sub", [a!, emit.node("ReduceMax", [a!, last], { keepdims: 1 })]);
    const total = emit.node("ReduceSum", [emit.node("Exp", [shifted]), last], { keepdims: 1 });
    return emit.node("Sub", [shifted, emit.node("Log", [total])]);
  },
};

/** The shape with one number for each row. */
function withoutColumns(dims: Dims): Dims {
  return dims.with(dims.length - 1, 1);
}

/** Applies f to each element and the log-sum-exp of its row. */
function overRows(a: Tensor, f: (x: number, logSum: number) => number): Tensor {
  const out = zeros(a.dims);
  const { outer, size } = lanes(a.dims, a.dims.length - 1);
  for (let o = 0; o < outer; o++) {
    const row = a.data.subarray(o * size, (o + 1) * size);
    const max = row.reduce((m, x) => Math.max(m, x), -Infinity);
    const logSum = max + Math.log(row.reduce((total, x) => total + Math.exp(x - max), 0));
    row.forEach((x, i) => (out.data[o * size + i] = f(x, logSum)));
  }
  return out;
}
