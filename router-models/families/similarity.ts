/**
 * Similarity: a prompt is worth to a model what prompts like it were worth.
 *
 *     s = softmax(q · Aᵀ + c)        how like each anchor the prompt is
 *     answer = s · T                 the mean of the anchors' own answers, so weighted
 *
 * An anchor is a training prompt that stands for its neighbourhood. Its answer, demand and difficulty
 * included, was fitted to the outcomes of all prompts near it, so a comparison of two models at an
 * anchor is a Bradley–Terry model weighted by likeness. With c = −|A|²/2 the softmax is that of the
 * squared distances; its sharpness is in the scale of q.
 *
 * No prompt's text ships: an anchor is a vector, in 8 bits, as one more row of the table of words.
 *
 * Sources: RouteLLM 2406.18665 (similarity-weighted ranking); Nadaraya 1964, Watson 1964 (the mean).
 */
import type { InferenceDefinition } from "../graph/compile.ts";
import type { Operator } from "../graph/ir.ts";
import { show } from "../graph/shapes.ts";
import { zeros } from "../graph/tensor.ts";
import { answerWidth, type AnswerShape } from "./answer.ts";
import type { Standardisation } from "./mf.ts";
import { query } from "./query.ts";

export interface SimilarityShape extends AnswerShape {
  /** Rows of the table that stand for words, a power of two; the anchors' rows come after them. */
  readonly tableRows: number;
  /** D, columns of the table. */
  readonly tableWidth: number;
  readonly anchors: number;
}

/** Parameters: `table` [tableRows + anchors, D], `query.*`, `anchors.bias` [anchors], `answers` [anchors, answerWidth]. */
export function similarityDefinition(
  shape: SimilarityShape,
  standardisation: Standardisation,
): InferenceDefinition {
  const { tableRows, tableWidth: width, anchors } = shape;
  const rows = tableRows + anchors;
  return (g) => {
    const q = query(g, { rows, width }, standardisation);
    const table = g.values.find(({ source }) => source.kind === "table")!;
    const nearness = g.apply(productsWithRows(tableRows, rows), q, table);
    const shares = g.softmax(g.add(nearness, g.parameter("anchors.bias", [anchors])));
    g.output("answer", g.matmul(shares, g.parameter("answers", [anchors, answerWidth(shape)])));
  };
}

/** q [1, D] times each of the rows `from` (included) to `to` (excluded) of a table [rows, D]: [1, to − from]. */
function productsWithRows(from: number, to: number): Operator {
  return {
    name: "productsWithRows",
    shape([q, table]) {
      if (show(q!) !== show([1, table![1]!]))
        throw new Error(`Cannot multiply ${show(q!)} with rows of ${show(table!)}`);
      return [1, to - from];
    },
    evaluate([q, table]) {
      const out = zeros([1, to - from]);
      const width = q!.data.length;
      for (let row = from; row < to; row++)
        for (let d = 0; d < width; d++)
          out.data[row - from]! += q!.data[d]! * table!.data[row * width + d]!;
      return out;
    },
    gradient: "none",
    lower(emit, [q, table]) {
      const bounds = [emit.integers(from), emit.integers(to), emit.integers(0)];
      const rows = emit.node("Slice", [table!, ...bounds]);
      const scale = emit.scaleOf(table!);
      if (scale === undefined) return emit.node("Gemm", [q!, rows], { transB: 1 });
      // The columns' scales go to q: one number each, where the rows would take thousands.
      const codes = emit.node("DequantizeLinear", [rows, emit.scalar(1)]);
      return emit.node("Gemm", [emit.node("Mul", [q!, scale]), codes], { transB: 1 });
    },
  };
}
