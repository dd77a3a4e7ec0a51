/**
 * The situations in which every operator is tried: awkward shapes, free sizes, values on both sides of
 * each kink. The same trials judge gradients against finite differences and ONNX Runtime against the
 * interpreter. The table is compared with what `operators/` exports, so an operator without a trial fails.
 */
import { gradientsOf } from "../../../router-models/graph/gradients.ts";
import { Graph } from "../../../router-models/graph/graph.ts";
import type { Feed } from "../../../router-models/graph/interpret.ts";
import type { Dims, Operator, Value } from "../../../router-models/graph/ir.ts";
import * as elementwise from "../../../router-models/graph/operators/elementwise.ts";
import * as layout from "../../../router-models/graph/operators/layout.ts";
import * as linear from "../../../router-models/graph/operators/linear.ts";
import * as normalize from "../../../router-models/graph/operators/normalize.ts";
import * as reduce from "../../../router-models/graph/operators/reduce.ts";
import { sizeOf } from "../../../router-models/graph/tensor.ts";

export interface Trial {
  readonly operator: Operator;
  readonly inputs: readonly Dims[];
  /** Inputs are > 0: for log, sqrt and divisors. */
  readonly isPositive?: boolean;
  /** The input at this position holds these row ids. */
  readonly ids?: { readonly at: number; readonly values: readonly number[] };
  /** "zero": no gradient, and the true one is 0. "stops": no gradient on purpose, whatever the true one. */
  readonly flow?: "zero" | "stops";
}

const MATRIX: readonly Dims[] = [["B", 3]];
const BROADCASTS: readonly (readonly Dims[])[] = [
  [
    ["B", 3],
    ["B", 3],
  ],
  [["B", 3], [3]],
  [
    [1, 3],
    ["B", 3],
  ],
  [
    ["B", 3],
    ["B", 1],
  ],
  [
    ["B", 1],
    [1, 3],
  ],
  [[], ["B", 3]],
  [["B", 3], [1]],
  [[], []],
  [
    [2, 1, 4],
    ["B", 1],
  ],
];

function each(operator: Operator, shapes: readonly (readonly Dims[])[]): Trial[] {
  return shapes.map((inputs) => ({ operator, inputs }));
}

function positive(operator: Operator, shapes: readonly (readonly Dims[])[]): Trial[] {
  return each(operator, shapes).map((trial) => ({ ...trial, isPositive: true }));
}

const UNARY: readonly (readonly Dims[])[] = [MATRIX, [[]], [[5]], [[2, "B", 3]]];

export const TRIALS: Readonly<Record<string, readonly Trial[]>> = {
  add: each(elementwise.add, BROADCASTS),
  sub: each(elementwise.sub, BROADCASTS),
  mul: each(elementwise.mul, BROADCASTS),
  div: positive(elementwise.div, BROADCASTS),
  scale: each(elementwise.scale(-1.75), UNARY),
  addScalar: each(elementwise.addScalar(0.6), UNARY),
  atLeast: [...each(elementwise.atLeast(0.3), UNARY), ...each(elementwise.atLeast(-0.7), [MATRIX])],
  relu: each(elementwise.relu, UNARY),
  abs: each(elementwise.abs, UNARY),
  sign: each(elementwise.sign, UNARY).map((trial) => ({ ...trial, flow: "zero" as const })),
  sigmoid: each(elementwise.sigmoid, UNARY),
  tanh: each(elementwise.tanh, UNARY),
  exp: each(elementwise.exp, UNARY),
  log: positive(elementwise.log, UNARY),
  square: each(elementwise.square, UNARY),
  sqrt: positive(elementwise.sqrt, UNARY),
  softplus: each(elementwise.softplus, UNARY),
  stopGradient: [{ operator: elementwise.stopGradient, inputs: MATRIX, flow: "stops" }],
  product: [
    ...each(linear.product({}), [
      [
        ["B", 4],
        [4, 3],
      ],
      [
        [1, "B"],
        ["B", 1],
      ],
      [
        ["B", "U"],
        ["U", 2],
      ],
    ]),
    ...each(linear.product({ transposeA: true }), [
      [
        ["B", 2],
        ["B", 3],
      ],
    ]),
    ...each(linear.product({ transposeB: true }), [
      [
        ["B", 4],
        [3, 4],
      ],
    ]),
    ...each(linear.product({ transposeA: true, transposeB: true }), [
      [
        [4, "B"],
        [3, 4],
      ],
    ]),
  ],
  softmax: each(normalize.softmax, [MATRIX, [["B", 1]], [[4]], [[2, "B", 3]]]),
  logSoftmax: each(normalize.logSoftmax, [MATRIX, [["B", 1]], [[4]], [[2, "B", 3]]]),
  sumTo: [
    ...each(reduce.sumTo([]), [MATRIX, [[]], [[2, "B", 3]]]),
    ...each(reduce.sumTo(["B", 1]), [MATRIX, [["B", 1]], [[2, "B", 3]]]),
    ...each(reduce.sumTo([1, 3]), [MATRIX, [[1, 3]]]),
    ...each(reduce.sumTo([3]), [MATRIX, [[2, "B", 3]]]),
    ...each(reduce.sumTo([1, 1]), [MATRIX]),
  ],
  stretchLike: each(reduce.stretchLike, [
    [[], ["B", 3]],
    [[3], ["B", 3]],
    [
      ["B", 1],
      [2, "B", 3],
    ],
    [
      ["B", 3],
      ["B", 3],
    ],
  ]),
  count: [reduce.count([0]), reduce.count([1]), reduce.count([0, 1])].map((operator) => ({
    operator,
    inputs: MATRIX,
    flow: "zero" as const,
  })),
  concat: [
    ...each(layout.concat(1), [
      [
        ["B", 2],
        ["B", 1],
        ["B", 3],
      ],
      [["B", 2]],
    ]),
    ...each(layout.concat(0), [
      [
        [2, "B"],
        [1, "B"],
      ],
    ]),
  ],
  slice: [
    ...each(layout.slice({ axis: 1, from: 1, to: 3 }), [[["B", 4]], [["B", 3]]]),
    ...each(layout.slice({ axis: 0, from: 0, to: 2 }), [[[3, "B"]], [[2]]]),
  ],
  pad: [
    ...each(layout.pad({ axis: 1, before: 2, after: 1 }), [MATRIX]),
    ...each(layout.pad({ axis: 0, before: 0, after: 3 }), [[[2, "B"]], [[1]]]),
  ],
  gatherRows: [
    {
      operator: layout.gatherRows,
      inputs: [[6, 2], ["n"]],
      ids: { at: 1, values: [5, 0, 5, 2, 0] },
      flow: "stops",
    },
    {
      operator: layout.gatherRows,
      inputs: [[6], ["n"]],
      ids: { at: 1, values: [5, 0, 5, 2, 0] },
      flow: "stops",
    },
  ],
  sumRows: [
    {
      operator: layout.sumRows,
      inputs: [[1, "n"], [6, 2], ["n"]],
      ids: { at: 2, values: [5, 0, 5, 2, 0] },
      flow: "stops",
    },
  ],
  scatterRows: [
    {
      operator: layout.scatterRows,
      inputs: [[6, 2], ["U"], ["U", 2]],
      ids: { at: 1, values: [4, 0, 5, 1] },
      flow: "stops",
    },
  ],
};

/** What the free sizes are in the different runs of a trial; one sample alone is the usual trap. */
export const SIZES: readonly Readonly<Record<string, number>>[] = [
  { B: 3, U: 4, n: 5 },
  { B: 1, U: 4, n: 5 },
];

/**
 * A trial as a graph: output `y`, the scalar `loss` = Σ y ∘ mask, and `gradient_<i>` for every input that one
 * reaches.
 */
export function trialGraph({ operator, inputs, ids }: Trial): { graph: Graph; maskDims: Dims } {
  const graph = new Graph("training");
  const values = inputs.map((dims, i) =>
    graph.input(`x${i}`, ids?.at === i ? "int32" : "float32", dims),
  );
  const y = graph.apply(operator, ...values);
  const loss = graph.sum(graph.mul(y, graph.input("mask", "float32", y.dims)), "all");
  graph.output("y", y);
  graph.output("loss", loss);
  const gradients = gradientsOf(graph, loss, values);
  values.forEach((value: Value, i) => {
    const gradient = gradients.get(value);
    if (gradient !== undefined) graph.output(`gradient_${i}`, gradient);
  });
  return { graph, maskDims: y.dims };
}

/** Values that float32 holds exactly, the same at every call. */
export function trialFeeds(
  trial: Trial,
  sizes: Readonly<Record<string, number>>,
): Record<string, Feed> {
  const random = randomFrom(7);
  function fill(dims: Dims): Feed {
    const fixed = dims.map((dim) => (typeof dim === "number" ? dim : sizes[dim]!));
    const data = Array.from({ length: sizeOf(fixed) }, () => {
      const size = Math.fround(0.2 + 1.5 * random());
      return random() < 0.5 && !trial.isPositive ? -size : size;
    });
    return { dims: fixed, data };
  }
  const feeds: Record<string, Feed> = {};
  trial.inputs.forEach((dims, i) => {
    feeds[`x${i}`] =
      trial.ids?.at === i
        ? { dims: [trial.ids.values.length], data: trial.ids.values }
        : fill(dims);
  });
  return { ...feeds, mask: fill(trialGraph(trial).maskDims) };
}

/** Numbers in [0, 1) from Mulberry32, a small generator that any seed starts well. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
