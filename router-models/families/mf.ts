/**
 * Matrix factorisation: a prompt asks for abilities, a model has them.
 *
 *     e = Σ w_i E[i]                    what the prompt says      (lexical branch)
 *     g = relu(W · standardised + c)    what the prompt looks like (surface branch)
 *     [a, b] = P · [e, g] + p           demand for each ability, and difficulty
 *     logit q_m = μ_m + a · θ_m − b
 *
 * A model is nothing but its row [μ_m, θ_m], so one can be added without touching the graph; the graph
 * takes all rows as an input. Difficulty b is shared by all models: rows of an easy and of a hard
 * dataset can be pooled although each names other models. The lexical branch is strong on traffic like
 * the training traffic and the surface branch keeps some of that elsewhere (router.md), which is why
 * training drops the lexical branch of some rows: the surface branch must be able to answer alone.
 *
 * Sources: RouteLLM 2406.18665 (bilinear router), EmbedLLM 2410.02223, IRT-Router 2506.01048.
 */
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";

export interface MfShape {
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
  /** D, columns of the table. */
  readonly tableWidth: number;
  /** G, units of the surface branch. */
  readonly hiddenWidth: number;
  /** K, abilities beside the bias. */
  readonly abilityWidth: number;
}

/** Mean and standard deviation of each surface statistic over the training rows. */
export interface Standardisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface MfValues {
  /** [B, D + G], what every head reads. */
  readonly hidden: Value;
  /** [B, M], before calibration. */
  readonly logits: Value;
}

/**
 * The forward part. `abilities` [M, 1 + K] is a parameter in training and an input in serving. In
 * training the input `keepLexical` [B, 1] is 0 for rows whose lexical branch is dropped, else 1.
 */
export function forward(
  g: Graph,
  shape: MfShape,
  { abilities, standardisation }: { abilities: Value; standardisation: Standardisation },
): MfValues {
  const { tableRows, tableWidth, hiddenWidth, abilityWidth } = shape;
  const bag = g.bag("table", { rows: tableRows, width: tableWidth });
  const lexical =
    g.mode === "training" ? g.mul(bag, g.input("keepLexical", "float32", [g.batch, 1])) : bag;
  const hidden = g.concat([lexical, surface(g, hiddenWidth, standardisation)], 1);
  const width = tableWidth + hiddenWidth;
  const asked = dense(g, "demand", { input: hidden, from: width, to: abilityWidth });
  const difficulty = dense(g, "difficulty", { input: hidden, from: width, to: 1 });
  const one = g.addScalar(g.scale(difficulty, 0), 1);
  const demand = g.concat([one, asked], 1);
  const logits = g.sub(g.matmulTransposed(demand, abilities), difficulty);
  return { hidden, logits };
}

/** Statistics, squeezed to about ±2 standard deviations so that an odd prompt cannot shout, then one layer. */
function surface(g: Graph, width: number, { mean, deviation }: Standardisation): Value {
  const count = mean.length;
  const statistics = g.input("statistics", "float32", [g.batch, count]);
  const centred = g.sub(statistics, g.constant(mean, [count]));
  const inverse = deviation.map((d) => 0.5 / Math.max(d, 1e-3));
  const squeezed = g.scale(g.tanh(g.mul(centred, g.constant(inverse, [count]))), 2);
  return g.relu(dense(g, "surface", { input: squeezed, from: count, to: width }));
}

/** input [B, from] · weight + bias: [B, to]. */
export function dense(
  g: Graph,
  name: string,
  { input, from, to }: { input: Value; from: number; to: number },
): Value {
  const weight = g.parameter(`${name}.weight`, [from, to]);
  return g.add(g.matmul(input, weight), g.parameter(`${name}.bias`, [to]));
}
