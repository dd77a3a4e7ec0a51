import type { Standardisation } from "../../router-models/families/mf.ts";
/**
 * The router's mathematics in plain loops, in double precision: the formulas at the head of families/mf.ts
 * and classifier.ts, written down a second time without the graph. Whoever runs the graph is compared
 * with this, so a fault in the graph's builder, writer, rounding or host shows as a difference.
 */
import type { RouterShape } from "../../router-models/families/router.ts";
import type { GraphFeeds, GraphOutputs } from "../../router-models/scorer.ts";

export interface PlainRouter {
  readonly shape: RouterShape;
  readonly standardisation: Standardisation;
  /** By name, as the graph stores them; tables after rounding to 8 bits and back. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

type Vector = readonly number[];

/** What a runner must answer to `feeds`. */
export function plainAnswer(router: PlainRouter, feeds: GraphFeeds): GraphOutputs {
  const { shape } = router;
  const hidden = [...lexical(router, feeds), ...surface(router, feeds.statistics)];
  const asked = dense(router, "demand", hidden);
  const [difficulty = NaN] = dense(router, "difficulty", hidden);
  const demand = [1, ...asked];
  const width = 1 + shape.abilityWidth;
  const logits = Array.from(
    { length: feeds.abilities.length / width },
    (_, m) => dot(demand, [...feeds.abilities.subarray(m * width, (m + 1) * width)]) - difficulty,
  );
  const [hard = NaN] = dense(router, "hard", hidden);
  const [p50 = NaN] = dense(router, "length", hidden);
  const [spread = NaN] = dense(router, "spread", hidden);
  return {
    logits: Float32Array.from(logits),
    difficulty: Float32Array.of(1 / (1 + Math.exp(-hard))),
    task: Float32Array.from(softmax(dense(router, "task", hidden))),
    logTokens: Float32Array.of(p50, p50 + Math.log1p(Math.exp(spread))),
  };
}

/** Σ w·idf·E, the weights scaled to length 1; zeros for a prompt without words. */
function lexical({ shape, parameters }: PlainRouter, { ids, weights }: GraphFeeds): number[] {
  const { tableWidth } = shape;
  const weighted = Array.from(ids, (id, i) => weights[i]! * parameters["idf"]![id]!);
  const norm = Math.hypot(...weighted);
  const sum = Array.from({ length: tableWidth }, () => 0);
  if (norm === 0) return sum;
  weighted.forEach((w, i) => {
    for (let d = 0; d < tableWidth; d++)
      sum[d]! += (w / norm) * parameters["table"]![ids[i]! * tableWidth + d]!;
  });
  return sum;
}

/** relu(W · 2·tanh((s − mean) / 2σ) + c). */
function surface(router: PlainRouter, statistics: Float32Array): number[] {
  const { mean, deviation } = router.standardisation;
  const squeezed = Array.from(
    statistics,
    (value, s) => 2 * Math.tanh((0.5 * (value - mean[s]!)) / Math.max(deviation[s]!, 1e-3)),
  );
  return dense(router, "surface", squeezed).map((x) => Math.max(x, 0));
}

function dense({ parameters }: PlainRouter, name: string, input: Vector): number[] {
  const [weight, bias] = [parameters[`${name}.weight`]!, parameters[`${name}.bias`]!];
  return Array.from(bias, (b, j) =>
    input.reduce((sum, x, i) => sum + x * weight[i * bias.length + j]!, b),
  );
}

function softmax(logits: Vector): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}
