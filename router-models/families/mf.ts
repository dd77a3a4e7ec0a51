/**
 * Matrix factorisation: a prompt asks for abilities, a model has them.
 *
 *     e = Σ w_i E[i]                    what the prompt says       (lexical branch)
 *     g = relu(W · standardised + c)    what the prompt looks like (surface branch)
 *     h = relu(J · [e, g] + d)          the two together
 *     π = softmax(C · e + c)            which group of prompts it belongs to
 *     [a, b] = P · h + T · π + p        demand for each ability, and difficulty
 *     logit q_m = μ_m + a · θ_m − b
 *
 * A model is nothing but its row [μ_m, θ_m], so one can be added without touching the graph: in serving
 * the graph ends at a and b, and the product with the models is scorer.ts's. Difficulty b is shared by
 * all models: rows of an easy and of a hard dataset can be pooled although each names other models. The
 * lexical branch is strong on traffic like the training traffic and the surface branch keeps some of
 * that elsewhere, which is why training drops the lexical branch of some rows: the surface branch must be
 * able to answer alone. The novelty gate is in the features: grams never trained on take their share of
 * the weights' unit length and add nothing, so ‖e‖ falls as a prompt gets foreign, and with it what π can
 * tell. Layers are smooth; the groups remember what was peculiar to prompts of one kind. Both read word
 * vectors that were made from prompts alone before training (scripts/training/ground.ts).
 *
 * Sources: RouteLLM 2406.18665 (bilinear router), EmbedLLM 2410.02223, IRT-Router 2506.01048; Jacobs et
 * al. 1991 (mixtures by softmax).
 */
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/ir.ts";
import { answerColumns, answerWidth, type AnswerShape } from "./answer.ts";

export interface MfShape extends AnswerShape {
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
  /** D, columns of the table. */
  readonly tableWidth: number;
  /** Units of the surface branch, and as many of the layer above both branches. */
  readonly hiddenWidth: number;
  /** Groups of prompts, each with an answer of its own. */
  readonly groups: number;
}

/** Mean and standard deviation of each surface statistic over the training rows. */
export interface Standardisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * The forward part, to the answer [B, answerWidth]. In training the input `keepLexical` [B, 1] is 0 for
 * rows whose lexical branch is dropped, else 1.
 */
export function forward(g: Graph, shape: MfShape, standardisation: Standardisation): Value {
  const { tableRows, tableWidth, hiddenWidth, groups } = shape;
  const bag = g.bag("table", { rows: tableRows, width: tableWidth });
  const lexical =
    g.mode === "training" ? g.mul(bag, g.input("keepLexical", "float32", [g.batch, 1])) : bag;
  const both = g.concat([lexical, surface(g, hiddenWidth, standardisation)], 1);
  const joint = dense(g, "joint", { input: both, from: tableWidth + hiddenWidth, to: hiddenWidth });
  const to = answerWidth(shape);
  const smooth = dense(g, "answer", { input: g.relu(joint), from: hiddenWidth, to });
  return g.add(
    smooth,
    g.matmul(shares(g, lexical, shape), g.parameter("groups.answers", [groups, to])),
  );
}

/** π [B, groups]. */
function shares(g: Graph, lexical: Value, { groups, tableWidth }: MfShape): Value {
  const nearness = g.matmulTransposed(lexical, g.parameter("groups.centres", [groups, tableWidth]));
  return g.softmax(g.add(nearness, g.parameter("groups.bias", [groups])));
}

/** [B, M], before calibration. `abilities` [M, 1 + K]. */
export function logitsOf(
  g: Graph,
  answer: Value,
  { abilities, shape }: { abilities: Value; shape: AnswerShape },
): Value {
  const { demand, difficulty } = answerColumns(shape);
  const b = g.sliceColumns(answer, ...difficulty);
  const one = g.addScalar(g.scale(b, 0), 1);
  const asked = g.concat([one, g.sliceColumns(answer, ...demand)], 1);
  return g.sub(g.matmulTransposed(asked, abilities), b);
}

/** Statistics, squeezed from about ±2 standard deviations into ±1 so that an odd prompt cannot shout, then one layer. */
function surface(g: Graph, width: number, { mean, deviation }: Standardisation): Value {
  const count = mean.length;
  const statistics = g.input("statistics", "float32", [g.batch, count]);
  const centred = g.sub(statistics, g.constant(mean, [count]));
  const inverse = deviation.map((d) => 0.5 / Math.max(d, 1e-3));
  const squeezed = g.tanh(g.mul(centred, g.constant(inverse, [count])));
  return g.relu(dense(g, "surface", { input: squeezed, from: count, to: width }));
}

/** input [B, from] · weight + bias: [B, to]. */
function dense(
  g: Graph,
  name: string,
  { input, from, to }: { input: Value; from: number; to: number },
): Value {
  const weight = g.parameter(`${name}.weight`, [from, to]);
  return g.add(g.matmul(input, weight), g.parameter(`${name}.bias`, [to]));
}
