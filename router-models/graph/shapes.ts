/**
 * Rules about shapes whose sizes may be free ("B", "U"). A free size equals only itself, so a graph that
 * passes these checks fits for every number of samples; nothing has to be known about the batch.
 */
import type { Dim, Dims } from "./ir.ts";

export function show(dims: Dims): string {
  return `[${dims.join(", ")}]`;
}

export function isSame(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The shape that numpy's broadcasting gives; throws where there is none. */
export function broadcast(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i): Dim => {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m === 1) return n;
    if (n === 1 || m === n) return m;
    throw new Error(`Cannot broadcast ${show(a)} with ${show(b)}`);
  });
}

/** Which axes of `wide` a value of shape `narrow` was stretched over: those it lacks, and those of size 1. */
export function stretchedAxes(
  wide: Dims,
  narrow: Dims,
): { missing: readonly number[]; ones: readonly number[] } {
  const lacking = wide.length - narrow.length;
  const axes = wide.map((_, axis) => axis);
  return {
    missing: axes.slice(0, lacking),
    ones: axes.slice(lacking).filter((axis) => narrow[axis - lacking] === 1 && wide[axis] !== 1),
  };
}

export function expectRank(dims: Dims, rank: number, what: string): void {
  if (dims.length !== rank) throw new Error(`Cannot ${what} ${show(dims)}`);
}

/** The same shape, of which no size may be free: that of weights and constants. */
export function fixedDims(dims: Dims): readonly number[] {
  if (!dims.every((dim) => typeof dim === "number"))
    throw new Error(`Cannot store ${show(dims)}: a size is free`);
  return dims;
}

/** The size of an axis that must be fixed. */
export function fixedSize(dims: Dims, axis: number): number {
  const size = dims[axis];
  if (typeof size !== "number") throw new Error(`Cannot cut or join ${show(dims)} at axis ${axis}`);
  return size;
}
