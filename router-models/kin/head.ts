/**
 * The head that tells how like two texts are: the sum of its rows' vectors, brought to length 1.
 *
 *     vector = Σ weightᵢ · table[idᵢ] / ‖Σ weightᵢ · table[idᵢ]‖
 *
 * A row's length is its say: rows of words that every question has are short, rows of rare ones long, and
 * training moves both lengths and directions. Without a transformer there is no word order and no context,
 * which keeps a vector at some microseconds; what they would have told apart is left to the guards.
 *
 * Learnt is which pairs of a batch are kin, each by itself: σ(sharpness · (cosine − border)). So, unlike
 * under a softmax over a batch, a cosine means the same for every pair, and one border can serve them all.
 *
 * Sources: Arora et al. 2017 (weighted sums of word vectors); Bojanowski et al. 1607.04606 (words' parts);
 * Svenstrup et al. 1709.03933 (several hashes for a word); Zhai et al. 2303.15343 (the sigmoid loss).
 */
import type { InferenceDefinition, LossDefinition } from "../graph/compile.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";
import { binaryCrossEntropy } from "../graph/losses.ts";
import type { KinRows } from "./tokens.ts";

export interface KinShape extends KinRows {
  /** Numbers of a vector, a multiple of 16. */
  readonly dimensions: number;
}

/** Below the square of any sum's length that means anything; a text without rows stays at 0. */
const SMALLEST_SQUARE = 1e-12;

/** Reads `ids` int32 [n] and `weights` float32 [1, n], n >= 1, and puts out `vector` [1, dimensions]. */
export function kinInference(shape: KinShape): InferenceDefinition {
  return (g) => g.output("vector", vectors(g, shape));
}

export interface KinLossOptions {
  /** Where a pair is as likely kin as not: a cosine. */
  readonly border: number;
  /** How fast the odds change with the cosine. */
  readonly sharpness: number;
}

/**
 * The loss of a batch of B texts: cross-entropy of `kin` [B, B], 1 where two are, over the pairs that
 * `pairWeights` [B, B] gives a weight.
 */
export function kinLoss(shape: KinShape, { border, sharpness }: KinLossOptions): LossDefinition {
  return (g) => {
    const z = vectors(g, shape);
    const cosines = g.matmulTransposed(z, z);
    return binaryCrossEntropy(g, g.scale(g.addScalar(cosines, -border), sharpness), {
      labels: g.input("kin", "float32", ["B", "B"]),
      weights: g.input("pairWeights", "float32", ["B", "B"]),
    });
  };
}

/** Unit vectors [B, dimensions]. */
function vectors(g: Graph, { wordRows, letterRows, dimensions }: KinShape): Value {
  const sums = g.bag("table", { rows: wordRows + letterRows, width: dimensions });
  const squares = g.atLeast(g.sum(g.square(sums), 1), SMALLEST_SQUARE);
  return g.div(sums, g.sqrt(squares));
}
