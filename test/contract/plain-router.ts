/**
 * The router's mathematics in plain loops, in double precision: the formulas at the head of families/mf.ts,
 * written down a second time without the graph. Whoever runs the graph is compared
 * with this, so a fault in the graph's builder, writer, rounding or host shows as a difference.
 */
import type { MfShape, Standardisation } from "../../router-models/families/mf.ts";
import type { GraphFeeds } from "../../router-models/scorer.ts";

export interface PlainRouter {
  readonly shape: MfShape;
  readonly standardisation: Standardisation;
  /** By name, as the graph stores them; tables after rounding to 8 bits and back. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

type Vector = readonly number[];

/** What a runner must answer to `feeds`: [a, b, failure, length, spread, tasks]. */
export function plainAnswer(router: PlainRouter, feeds: GraphFeeds): Float32Array {
  const words = lexical(router, feeds);
  const both = [...words, ...surface(router, feeds.statistics)];
  const joint = dense(router, "joint", both).map((x) => Math.max(x, 0));
  const peculiar = ofGroups(router, words);
  return Float32Array.from(dense(router, "answer", joint), (x, i) => x + peculiar[i]!);
}

/** T · softmax(C · e + c). */
function ofGroups({ parameters }: PlainRouter, words: Vector): number[] {
  const [centres, answers] = [parameters["groups.centres"]!, parameters["groups.answers"]!];
  const nearness = Array.from(parameters["groups.bias"]!, (bias, j) =>
    words.reduce((sum, x, d) => sum + x * centres[j * words.length + d]!, bias),
  );
  const odds = nearness.map((x) => Math.exp(x - Math.max(...nearness)));
  const total = odds.reduce((a, b) => a + b);
  const width = answers.length / odds.length;
  return Array.from({ length: width }, (_, i) =>
    odds.reduce((sum, x, j) => sum + (x / total) * answers[j * width + i]!, 0),
  );
}

/** Σ w·E. */
function lexical({ shape, parameters }: PlainRouter, { ids, weights }: GraphFeeds): number[] {
  const { tableWidth } = shape;
  const sum = Array.from({ length: tableWidth }, () => 0);
  weights.forEach((w, i) => {
    for (let d = 0; d < tableWidth; d++)
      sum[d]! += w * parameters["table"]![ids[i]! * tableWidth + d]!;
  });
  return sum;
}

/** relu(W · tanh((s − mean) / 2σ) + c). */
function surface(router: PlainRouter, statistics: Float32Array): number[] {
  const { mean, deviation } = router.standardisation;
  const squeezed = Array.from(statistics, (value, s) =>
    Math.tanh((0.5 * (value - mean[s]!)) / Math.max(deviation[s]!, 1e-3)),
  );
  return dense(router, "surface", squeezed).map((x) => Math.max(x, 0));
}

function dense({ parameters }: PlainRouter, name: string, input: Vector): number[] {
  const [weight, bias] = [parameters[`${name}.weight`]!, parameters[`${name}.bias`]!];
  return Array.from(bias, (b, j) =>
    input.reduce((sum, x, i) => sum + x * weight[i * bias.length + j]!, b),
  );
}
