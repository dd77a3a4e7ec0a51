/**
 * Length: a router that sees nothing of a prompt but how long it is.
 *
 *     u = tanh((ln(1 + characters) − mean) / 2σ),    logit q_m = μ_m + θ_m · u
 *
 * A long prompt is often a hard one, and several published routers are not better than that. It is
 * released like any other family, so that whoever publishes a router can put this one beside it in
 * `score` and `eval`. Its table of words is zeros: a graph reads all that features offer.
 */
import { STATISTICS } from "../features/statistics.ts";
import type { InferenceDefinition } from "../graph/compile.ts";
import { answerWidth, type AnswerShape } from "./answer.ts";
import type { Standardisation } from "./mf.ts";
import { linearAnswer, query } from "./query.ts";

/** The statistic that it sees. */
export const LENGTH_STATISTIC = STATISTICS.indexOf("userChars");

/** `abilityWidth` is 1. */
export interface LengthShape extends AnswerShape {
  /** Rows of the table, a power of two. */
  readonly tableRows: number;
}

/** Parameters as for `bandit`, with D = 1. */
export function lengthDefinition(
  shape: LengthShape,
  standardisation: Standardisation,
): InferenceDefinition {
  return (g) => {
    const q = query(g, { rows: shape.tableRows, width: 1 }, standardisation);
    g.output("answer", linearAnswer(g, q, { width: 1, heads: answerWidth(shape) - 1 }));
  };
}
