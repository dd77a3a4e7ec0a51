/**
 * What a trained graph says about its own training traffic: the numbers in the manifest by which new
 * models are placed (router-models/placement.ts). All are read off the graph as it ships.
 */
import { answerColumns, type AnswerShape } from "../../router-models/families/answer.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";
import type { Example } from "./examples.ts";

type Placement = Manifest["placement"];

export interface Demand {
  /** `[1, a]`, 1 + abilityWidth numbers. */
  readonly demand: readonly number[];
  readonly difficulty: number;
}

/** Benchmarks that a catalogue can quote, and the sets whose outcomes show what their scores mean. */
export const BENCHMARK_SETS: Readonly<Record<string, string>> = {
  mmlu_pro: "mmlu_pro",
  math_l5: "zeroeval_math_l5",
};
/** Prompts asked for a mean; their number bounds the time, not the accuracy. */
const SAMPLE = 400;
/** Fewer models than this say nothing about a benchmark, fewer rows nothing about a model. */
const MIN_MODELS = 8;
const MIN_ROWS = 30;
/**
 * Added to the covariance, so that a handful of models does not look certain of their kind; less where
 * there are many more models than numbers in a row.
 */
const RIDGE = 0.05;

export interface DescribeInput {
  readonly examples: readonly Example[];
  readonly graph: GraphRunner;
  readonly shape: AnswerShape;
  /** One row of 1 + abilityWidth for each model. */
  readonly abilities: readonly (readonly number[])[];
}

export async function describePlacement(input: DescribeInput): Promise<Placement> {
  const { examples, abilities } = input;
  const traffic = await meanDemand(sample(examples), input);
  const seen = abilities.filter((_, m) => rowsOf(examples, m).length >= MIN_ROWS);
  const { mean, covariance } = moments(seen.length >= 2 ? seen : abilities);
  const anchors: Placement["anchors"] = {};
  for (const [benchmark, set] of Object.entries(BENCHMARK_SETS)) {
    const rows = examples.filter(({ dataset }) => dataset === set);
    const anchor = rows.length === 0 ? undefined : await anchorOf(rows, input);
    if (anchor !== undefined) anchors[benchmark] = anchor;
  }
  return {
    mean,
    covariance,
    demand: [...traffic.demand],
    difficulty: traffic.difficulty,
    anchors,
  };
}

/** Fits logit(mean score) = intercept + slope · (logit at the set's mean demand) over its models. */
async function anchorOf(
  rows: readonly Example[],
  input: DescribeInput,
): Promise<Placement["anchors"][string] | undefined> {
  const { demand, difficulty } = await meanDemand(sample(rows), input);
  const points = input.abilities.flatMap((ability, m) => {
    const scores = rowsOf(rows, m);
    if (scores.length < MIN_ROWS) return [];
    const p = (scores.reduce((a, b) => a + b, 0) + 1) / (scores.length + 2);
    return [{ x: dot(demand, ability) - difficulty, y: Math.log(p / (1 - p)) }];
  });
  if (points.length < MIN_MODELS) return undefined;
  const meanX = average(points.map(({ x }) => x));
  const meanY = average(points.map(({ y }) => y));
  const slope =
    average(points.map(({ x, y }) => (x - meanX) * (y - meanY))) /
    Math.max(average(points.map(({ x }) => (x - meanX) ** 2)), 1e-6);
  const residual = average(points.map(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2));
  return {
    intercept: meanY - slope * (meanX + difficulty),
    gradient: demand.map((d) => slope * d),
    deviation: Math.max(Math.sqrt(residual), 0.05),
    models: points.length,
  };
}

async function meanDemand(
  examples: readonly Example[],
  { graph, shape }: DescribeInput,
): Promise<Demand> {
  const columns = answerColumns(shape);
  const demand = new Float64Array(1 + shape.abilityWidth);
  let difficulty = 0;
  for (const { features } of examples) {
    const answer = await graph.run(features);
    difficulty += answer[columns.difficulty[0]]! / examples.length;
    answer.subarray(...columns.demand).forEach((a, k) => (demand[k + 1]! += a / examples.length));
  }
  demand[0] = 1;
  return { demand: Array.from(demand), difficulty };
}

function moments(rows: readonly (readonly number[])[]): { mean: number[]; covariance: number[] } {
  const width = rows[0]?.length ?? 0;
  const mean = Array.from({ length: width }, (_, k) => average(rows.map((row) => row[k]!)));
  const ridge = RIDGE * Math.min(1, width / rows.length);
  const covariance = Array.from({ length: width * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width];
    const cross = average(rows.map((row) => (row[i]! - mean[i]!) * (row[j]! - mean[j]!)));
    return cross + (i === j ? ridge : 0);
  });
  return { mean, covariance };
}

/** Scores of one model over the rows that have it. */
function rowsOf(examples: readonly Example[], model: number): number[] {
  return examples.flatMap(({ scores }) =>
    scores.filter(([m]) => m === model).map(([, score]) => score),
  );
}

/** Evenly spread over the rows, the same for the same rows. */
function sample(examples: readonly Example[]): Example[] {
  const step = Math.max(examples.length / SAMPLE, 1);
  return Array.from(
    { length: Math.min(SAMPLE, examples.length) },
    (_, i) => examples[Math.floor(i * step)]!,
  );
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(values.length, 1);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}
