/**
 * Graph smoothing: groups of prompts, each with a table of what every model is worth in it.
 *
 *     π = softmax(q · C + c)          which group the prompt is of
 *     [a, b, heads] = [π, π · T]      the demand is π itself, so θ_m is the model's table of groups
 *
 * Tasks, groups of prompts and models are the nodes of a graph, and outcomes its edges. A group in which
 * a model was seldom asked borrows from groups that share prompts with it, from its task and from the
 * model as a whole. All of that smoothing is done when the router is made
 * (scripts/training/graph-smoothing.ts): what ships is its result, and nothing is passed along a graph
 * while a request waits.
 *
 * Source: GraphRouter 2410.03834 (task, query and model nodes); label propagation, Zhu and Ghahramani 2002.
 */
import type { InferenceDefinition } from "../graph/compile.ts";
import { answerWidth, type AnswerShape } from "./answer.ts";
import type { Standardisation } from "./mf.ts";
import { query } from "./query.ts";

/** `abilityWidth` is the number of groups. */
export interface GraphSmoothingShape extends AnswerShape {
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
  /** D, columns of the table. */
  readonly tableWidth: number;
}

/** Parameters: `table` [tableRows, D], `query.*`, `groups.weight` [D, K], `groups.bias` [K], `heads` [K, answerWidth − K]. */
export function graphSmoothingDefinition(
  shape: GraphSmoothingShape,
  standardisation: Standardisation,
): InferenceDefinition {
  const { tableRows: rows, tableWidth: width, abilityWidth: groups } = shape;
  return (g) => {
    const q = query(g, { rows, width }, standardisation);
    const nearness = g.matmul(q, g.parameter("groups.weight", [width, groups]));
    const shares = g.softmax(g.add(nearness, g.parameter("groups.bias", [groups])));
    const heads = g.matmul(shares, g.parameter("heads", [groups, answerWidth(shape) - groups]));
    g.output("answer", g.concat([shares, heads], 1));
  };
}
