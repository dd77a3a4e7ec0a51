/**
 * Operators that treat every element alike. Two inputs broadcast as numpy does.
 */
import type { GradientRule, Operator } from "../ir.ts";
import { broadcast } from "../shapes.ts";
import { map, zip } from "../tensor.ts";
import { sumTo } from "./reduce.ts";

export const add: Operator = binary({
  name: "Add",
  evaluate: (x, y) => x + y,
  gradient: ({ dy }) => [dy, dy],
});

export const sub: Operator = binary({
  name: "Sub",
  evaluate: (x, y) => x - y,
  gradient: ({ build, dy }) => [dy, build.apply(scale(-1), dy)],
});

export const mul: Operator = binary({
  name: "Mul",
  evaluate: (x, y) => x * y,
  gradient: ({ build, inputs: [a, b], dy }) => [build.apply(mul, dy, b!), build.apply(mul, dy, a!)],
});

/** The gradient of a / b with respect to b is −(a / b) / b. */
export const div: Operator = binary({
  name: "Div",
  evaluate: (x, y) => x / y,
  gradient({ build, inputs: [, b], output, dy }) {
    const share = build.apply(div, dy, b!);
    return [share, build.apply(scale(-1), build.apply(mul, share, output))];
  },
});

export function scale(factor: number): Operator {
  return {
    ...unary("scale", (x) => x * factor),
    gradient: ({ build, dy }) => [build.apply(scale(factor), dy)],
    lower: (emit, [a]) => emit.node("Mul", [a!, emit.scalar(factor)]),
  };
}

export function addScalar(addend: number): Operator {
  return {
    ...unary("addScalar", (x) => x + addend),
    gradient: ({ dy }) => [dy],
    lower: (emit, [a]) => emit.node("Add", [a!, emit.scalar(addend)]),
  };
}

/** max(a, floor). At the floor itself the gradient is 0. */
export function atLeast(floor: number): Operator {
  return {
    ...unary("atLeast", (x) => Math.max(x, floor)),
    gradient({ build, inputs: [a], dy }) {
      const isAbove = build.apply(sign, build.apply(relu, build.apply(addScalar(-floor), a!)));
      return [build.apply(mul, dy, isAbove)];
    },
    lower: (emit, [a]) => emit.node("Max", [a!, emit.scalar(floor)]),
  };
}

/** At 0 the gradient is 0. */
export const relu: Operator = {
  ...unary("Relu", (x) => Math.max(x, 0)),
  gradient: ({ build, output, dy }) => [build.apply(mul, dy, build.apply(sign, output))],
};

export const abs: Operator = {
  ...unary("Abs", Math.abs),
  gradient: ({ build, inputs: [a], dy }) => [build.apply(mul, dy, build.apply(sign, a!))],
};

export const sign: Operator = {
  ...unary("Sign", Math.sign),
  gradient: "none", // Flat everywhere but at 0.
};

export const sigmoid: Operator = {
  ...unary("Sigmoid", logistic),
  gradient({ build, output, dy }) {
    const rest = build.apply(addScalar(1), build.apply(scale(-1), output));
    return [build.apply(mul, dy, build.apply(mul, output, rest))];
  },
};

export const tanh: Operator = {
  ...unary("Tanh", Math.tanh),
  gradient({ build, output, dy }) {
    const squared = build.apply(square, output);
    return [build.apply(mul, dy, build.apply(addScalar(1), build.apply(scale(-1), squared)))];
  },
};

export const exp: Operator = {
  ...unary("Exp", Math.exp),
  gradient: ({ build, output, dy }) => [build.apply(mul, dy, output)],
};

export const log: Operator = {
  ...unary("Log", Math.log),
  gradient: ({ build, inputs: [a], dy }) => [build.apply(div, dy, a!)],
};

export const square: Operator = {
  ...unary("square", (x) => x * x),
  gradient({ build, inputs: [a], dy }) {
    return [build.apply(mul, dy, build.apply(scale(2), a!))];
  },
  lower: (emit, [a]) => emit.node("Mul", [a!, a!]),
};

/** At 0 the gradient is infinite, as it is in truth; put `atLeast` in front where 0 can occur. */
export const sqrt: Operator = {
  ...unary("Sqrt", Math.sqrt),
  gradient: ({ build, output, dy }) => [build.apply(div, dy, build.apply(scale(2), output))],
};

/** log(1 + exp(x)), written as max(x, 0) + log(1 + exp(−|x|)), in which nothing overflows. */
export const softplus: Operator = {
  ...unary("softplus", (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  gradient: ({ build, inputs: [a], dy }) => [build.apply(mul, dy, build.apply(sigmoid, a!))],
  lower(emit, [a]) {
    const small = emit.node("Exp", [emit.node("Neg", [emit.node("Abs", [a!])])]);
    const rest = emit.node("Log", [emit.node("Add", [small, emit.scalar(1)])]);
    return emit.node("Add", [emit.node("Relu", [a!]), rest]);
  },
};

export const stopGradient: Operator = {
  ...unary("Identity", (x) => x),
  gradient: "none",
};

/** A map from numbers to numbers. Named as the ONNX operator that it lowers to, unless `lower` is replaced. */
function unary(name: string, f: (x: number) => number): Omit<Operator, "gradient"> {
  return {
    name,
    shape: ([a]) => a!,
    evaluate: ([a]) => map(a!, f),
    lower: (emit, [a]) => emit.node(name, [a!]),
  };
}

/** The gradient may be given as if nothing were broadcast; here it is summed back to each input's shape. */
function binary({ name, evaluate, gradient }: BinaryRules): Operator {
  return {
    name,
    shape: ([a, b]) => broadcast(a!, b!),
    evaluate: ([a, b]) => zip(a!, b!, evaluate),
    gradient: (context) =>
      gradient(context).map((g, i) => g && context.build.apply(sumTo(context.inputs[i]!.dims), g)),
    lower: (emit, inputs) => emit.node(name, inputs),
  };
}

interface BinaryRules {
  readonly name: string;
  readonly evaluate: (x: number, y: number) => number;
  readonly gradient: GradientRule;
}

function logistic(x: number): number {
  const small = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
}
