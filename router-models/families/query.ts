/**
 * A prompt as one short vector: its words and its surface, side by side in the same few columns.
 *
 *     q = Σ w_i E[i] + tanh((s − mean) / 2σ) · P + c
 *
 * The families that compare prompts (similarity, graph-smoothing), and those that are linear in the
 * prompt (bandit, length), differ in what they do with q and not in what it is. Who makes E, P and c
 * decides what likeness means; scripts/training/components.ts takes the directions in which the
 * training prompts differ most.
 */
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";
import type { Standardisation } from "./mf.ts";

export interface QueryShape {
  /** Rows of the table E. Ids address as many of them as the features have rows; a family may keep more. */
  readonly rows: number;
  /** D, numbers in q. */
  readonly width: number;
}

/** q [B, D]. In training the input `keepLexical` [B, 1] is 0 for rows whose words are dropped, else 1. */
export function query(
  g: Graph,
  { rows, width }: QueryShape,
  { mean, deviation }: Standardisation,
): Value {
  const bag = g.bag("table", { rows, width });
  const lexical =
    g.mode === "training" ? g.mul(bag, g.input("keepLexical", "float32", [g.batch, 1])) : bag;
  const count = mean.length;
  const statistics = g.input("statistics", "float32", [g.batch, count]);
  const centred = g.sub(statistics, g.constant(mean, [count]));
  const inverse = deviation.map((d) => 0.5 / Math.max(d, 1e-3));
  const squeezed = g.tanh(g.mul(centred, g.constant(inverse, [count])));
  const surface = g.matmul(squeezed, g.parameter("query.weight", [count, width]));
  return g.add(g.add(lexical, surface), g.parameter("query.bias", [width]));
}

/** [q, q · W + w]: q itself is the demand, and `heads` further numbers follow it. */
export function linearAnswer(
  g: Graph,
  q: Value,
  { width, heads }: { width: number; heads: number },
): Value {
  const weight = g.parameter("heads.weight", [width, heads]);
  const rest = g.add(g.matmul(q, weight), g.parameter("heads.bias", [heads]));
  return g.concat([q, rest], 1);
}
