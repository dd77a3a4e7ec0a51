/**
 * Dense tensors in double precision, row-major, for the plain reading of a graph.
 *
 * Nothing here is fast. It exists to be obviously right: the reference against which gradients and the
 * float32 runtimes are checked. All traversal goes through two functions, so that broadcasting and axes
 * are decided once: `zip` walks two tensors under numpy's broadcasting, and `lanes` views a tensor as
 * [outer, size, inner] around one axis.
 */

export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}

export function tensor(dims: readonly number[], data: ArrayLike<number>): Tensor {
  if (data.length !== sizeOf(dims))
    throw new Error(`Cannot shape ${data.length} numbers as [${dims.join()}]`);
  return { dims, data: Float64Array.from(data) };
}

export function zeros(dims: readonly number[]): Tensor {
  return { dims, data: new Float64Array(sizeOf(dims)) };
}

export function map({ dims, data }: Tensor, f: (x: number) => number): Tensor {
  return { dims, data: data.map((x) => f(x)) };
}

/** Numpy's rule: aligned at the last axis, a size of 1 stretches. Shapes must fit; `Operator.shape` checks. */
export function zip(a: Tensor, b: Tensor, f: (x: number, y: number) => number): Tensor {
  const rank = Math.max(a.dims.length, b.dims.length);
  const dims = Array.from({ length: rank }, (_, i) => {
    const [m, n] = [fromEnd(a.dims, rank - i), fromEnd(b.dims, rank - i)];
    if (m !== n && m !== 1 && n !== 1)
      throw new Error(`Cannot broadcast [${a.dims.join()}] with [${b.dims.join()}]`);
    return m === 1 ? n : m;
  });
  const out = zeros(dims);
  const [walkA, walkB] = [stridesIn(dims, a.dims), stridesIn(dims, b.dims)];
  for (let i = 0; i < out.data.length; i++) {
    let [rest, atA, atB] = [i, 0, 0];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const position = rest % dims[axis]!;
      rest = (rest - position) / dims[axis]!;
      atA += position * walkA[axis]!;
      atB += position * walkB[axis]!;
    }
    out.data[i] = f(a.data[atA]!, b.data[atB]!);
  }
  return out;
}

/** The tensor as [outer, size, inner] around `axis`: element (o, k, i) lies at (o * size + k) * inner + i. */
export function lanes(
  dims: readonly number[],
  axis: number,
): { outer: number; size: number; inner: number } {
  return {
    outer: sizeOf(dims.slice(0, axis)),
    size: dims[axis]!,
    inner: sizeOf(dims.slice(axis + 1)),
  };
}

/** Sums over `axis`, which keeps the size 1. */
export function sumOver(a: Tensor, axis: number): Tensor {
  const { outer, size, inner } = lanes(a.dims, axis);
  const out = zeros(a.dims.with(axis, 1));
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < size; k++)
      for (let i = 0; i < inner; i++)
        out.data[o * inner + i]! += a.data[(o * size + k) * inner + i]!;
  return out;
}

function fromEnd(dims: readonly number[], distance: number): number {
  return dims[dims.length - distance] ?? 1;
}

/** For every axis of `dims`, how far one step moves within a tensor of shape `own`; 0 where it stretches. */
function stridesIn(dims: readonly number[], own: readonly number[]): number[] {
  const strides = dims.map(() => 0);
  let stride = 1;
  for (let axis = own.length - 1; axis >= 0; axis--) {
    if (own[axis] !== 1) strides[axis + dims.length - own.length] = stride;
    stride *= own[axis]!;
  }
  return strides;
}
