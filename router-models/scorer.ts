/**
 * Runs a released router on a prompt: features in, for each model of a panel its calibrated quality
 * and its output length out.
 *
 * The graph itself is run by whoever hosts it (`GraphRunner`): onnxruntime-web inside the isolate, the
 * same WebAssembly in Node for scoring and replay, the plain interpreter in tests. Everything else,
 * from the prompt to the calibrated score, is this file, so serving and scoring cannot drift apart.
 *
 * A panel is the set of models to be scored, each with its place among the router's abilities. It is
 * made once per (release, catalogue). The graph answers what the prompt asks for and knows no model, so
 * a model joins by a row of numbers and never by a new graph.
 */
import { calibrate } from "./calibration.ts";
import { answerColumns, type AnswerColumns } from "./families/answer.ts";
import {
  estimateInputTokens,
  extractFeatures,
  FEATURE_VERSION,
  type Features,
} from "./features/extract.ts";
import type { Prompt } from "./features/prompt.ts";
import type { Manifest } from "./manifest.ts";
import { exp, log, log1p } from "./portable-math.ts";
import { Surveyor, type Place } from "./reference.ts";

/** What the inference graph of every family reads. */
export interface GraphFeeds {
  /** int32 [n], n >= 1 */
  readonly ids: Int32Array<ArrayBuffer>;
  /** float32 [1, n] */
  readonly weights: Float32Array<ArrayBuffer>;
  /** float32 [1, statistics] */
  readonly statistics: Float32Array<ArrayBuffer>;
}

export interface GraphRunner {
  /**
   * The answer, float32 [1, answerWidth]; families/answer.ts names its columns. May be called again
   * before it has resolved. The arrays fed stay the caller's.
   */
  run(feeds: GraphFeeds): Promise<Float32Array>;
}

export interface PanelModel {
  readonly id: string;
  /** [bias, θ...], 1 + abilityWidth numbers */
  readonly ability: readonly number[];
  readonly logTokensOffset: number;
  /** Expected logit over the training traffic; placement.ts computes it. */
  readonly standing: number;
}

export interface ModelForecast {
  readonly id: string;
  readonly standing: number;
  /** Calibrated probability in (0, 1) that the answer is good. */
  readonly score: number;
  readonly outputTokensP50: number;
  readonly outputTokensP90: number;
}

export interface Forecast {
  readonly models: readonly ModelForecast[];
  readonly inputTokens: number;
  /** 0 easy .. 1 hard, as the average model of the training population finds it. */
  readonly difficulty: number;
  /** The likeliest task, one of the manifest's `tasks`. */
  readonly task: string;
}

/** What a prompt was read as, for whoever is to learn from it. */
export interface Reading extends Partial<Place> {
  readonly features: Features;
  /** What the features mean: FEATURE_VERSION. */
  readonly version: number;
  /** Rows of the router's table, which the features' ids are of. */
  readonly tableRows: number;
  /** a(x), abilityWidth numbers. */
  readonly demand: Float32Array;
}

/** What of a prompt a router reads. */
export interface ReadPrompt {
  readonly features: Features;
  readonly inputTokens: number;
}

/** Beyond these an exponentiated length means nothing: one token, and the longest answers sold. */
const MIN_LOG_TOKENS = 0;
const MAX_LOG_TOKENS = log(128_000);

export class Scorer {
  readonly #manifest: Manifest;
  readonly #panel: readonly PanelModel[];
  readonly #columns: AnswerColumns;
  readonly #surveyor: Surveyor | undefined;

  /** Throws when a panel model's ability vector does not have the release's width. */
  constructor(manifest: Manifest, panel: readonly PanelModel[]) {
    const width = 1 + manifest.shape.abilityWidth;
    for (const { id, ability } of panel)
      if (ability.length !== width)
        throw new Error(`Cannot score ${id}: ability of ${ability.length} numbers, not ${width}`);
    this.#manifest = manifest;
    this.#panel = panel;
    this.#columns = columnsOf(manifest);
    this.#surveyor = manifest.reference && new Surveyor(manifest.reference);
  }

  /** Rejects as the graph does, and where its answer has another width than the release's. */
  async score(prompt: Prompt, graph: GraphRunner): Promise<Forecast> {
    return (await this.read(this.featuresOf(prompt), graph)).forecast;
  }

  featuresOf(prompt: Prompt): ReadPrompt {
    const features = extractFeatures(prompt, this.#manifest.features.tableRows);
    return { features, inputTokens: estimateInputTokens(prompt) };
  }

  /** The same from what was read, with what was made of it. Rejects as `score` does. */
  async read(
    { features, inputTokens }: ReadPrompt,
    graph: GraphRunner,
  ): Promise<{ forecast: Forecast; reading: Reading }> {
    const { ids, weights, statistics } = features;
    const isEmpty = ids.length === 0; // The graph wants at least one row; a weight of 0 says nothing.
    const answer = await graph.run({
      ids: isEmpty ? new Int32Array(1) : ids,
      weights: isEmpty ? new Float32Array(1) : weights,
      statistics,
    });
    const { demand, task } = this.#columns;
    if (answer.length !== task[1])
      throw new Error(`Cannot read the graph: ${answer.length} numbers, not ${task[1]}`);
    return {
      forecast: { ...this.#forecastOf(answer), inputTokens },
      reading: {
        features,
        version: FEATURE_VERSION,
        tableRows: this.#manifest.features.tableRows,
        demand: answer.slice(...demand),
        ...this.#surveyor?.placeOf(features),
      },
    };
  }

  #forecastOf(answer: Float32Array): Omit<Forecast, "inputTokens"> {
    const { calibration, tasks } = this.#manifest;
    const { failure, length, spread, task } = this.#columns;
    const p50 = answer[length[0]]!;
    const p90 = p50 + softplus(answer[spread[0]]!);
    return {
      models: this.#panel.map(({ id, ability, standing, logTokensOffset }) => ({
        id,
        standing,
        score: calibrate(calibration, logitOf(ability, answer)),
        outputTokensP50: tokensOf(p50 + logTokensOffset),
        outputTokensP90: tokensOf(p90 + logTokensOffset),
      })),
      difficulty: 1 / (1 + exp(-answer[failure[0]]!)),
      task: tasks[indexOfMax(answer.subarray(...task))]!,
    };
  }
}

/** The columns of a release's answers. */
export function columnsOf({ shape, tasks }: Pick<Manifest, "shape" | "tasks">): AnswerColumns {
  return answerColumns({ abilityWidth: shape.abilityWidth, tasks: tasks.length });
}

/** μ + a · θ − b: the demand stands first in an answer, the difficulty right behind it. */
function logitOf(ability: readonly number[], answer: Float32Array): number {
  let logit = ability[0]!;
  for (let k = 1; k < ability.length; k++) logit += ability[k]! * answer[k - 1]!;
  return logit - answer[ability.length - 1]!;
}

/** ln(1 + e^x), without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
}

function tokensOf(logTokens: number): number {
  return Math.round(exp(Math.min(Math.max(logTokens, MIN_LOG_TOKENS), MAX_LOG_TOKENS)));
}

function indexOfMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
