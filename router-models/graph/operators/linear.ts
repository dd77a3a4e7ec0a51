/**
 * Matrix products. One operator with two switches, because the gradients of a product are products again
 * and need every combination of transposed inputs except both at once.
 */
import type { Operator } from "../ir.ts";
import { expectRank, show } from "../shapes.ts";
import { zeros } from "../tensor.ts";

export interface Transposition {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** [M, K] · [K, N], where either input may be stored transposed. */
export function product({ transposeA = false, transposeB = false }: Transposition): Operator {
  return {
    name: "product",
    shape([a, b]) {
      expectRank(a!, 2, "multiply, as a matrix,");
      expectRank(b!, 2, "multiply, as a matrix,");
      const [m, k] = transposeA ? [a![1]!, a![0]!] : [a![0]!, a![1]!];
      const [l, n] = transposeB ? [b![1]!, b![0]!] : [b![0]!, b![1]!];
      if (k !== l) throw new Error(`Cannot multiply ${show(a!)} by ${show(b!)}`);
      return [m, n];
    },
    evaluate([a, b]) {
      const [m, k] = transposeA ? [a!.dims[1]!, a!.dims[0]!] : [a!.dims[0]!, a!.dims[1]!];
      const n = b!.dims[transposeB ? 0 : 1]!;
      const out = zeros([m, n]);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          for (let l = 0; l < k; l++) {
            const x = a!.data[transposeA ? l * m + i : i * k + l]!;
            out.data[i * n + j]! += x * b!.data[transposeB ? j * k + l : l * n + j]!;
          }
      return out;
    },
    gradient({ build, inputs: [a, b], dy }) {
      const [left, right] = [a!, b!];
      return [
        transposeA
          ? build.apply(product({ transposeA: transposeB, transposeB: true }), right, dy)
          : build.apply(product({ transposeB: !transposeB }), dy, right),
        transposeB
          ? build.apply(product({ transposeA: true, transposeB: transposeA }), dy, left)
          : build.apply(product({ transposeA: !transposeA }), left, dy),
      ];
    },
    lower(emit, inputs) {
      if (!transposeA && !transposeB) return emit.node("MatMul", inputs);
      return emit.node("Gemm", inputs, { transA: Number(transposeA), transB: Number(transposeB) });
    },
  };
}
