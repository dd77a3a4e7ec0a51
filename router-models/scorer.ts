/**
 * Runs a released router on a prompt: features in, for each model of a panel its calibrated quality
 * and its output length out.
 *
 * The graph itself is run by whoever hosts it (`GraphRunner`): onnxruntime-web inside the isolate, the
 * same WebAssembly in Node for scoring and replay, the plain interpreter in tests. Everything else,
 * from the prompt to the calibrated score, is this file, so serving and scoring cannot drift apart.
 *
 * A panel is the set of models to be scored, each with its place among the router's abilities. It is
 * made once per (release, catalogue); the graph takes it as an input, so a model joins by a row of
 * numbers and never by a new graph.
 */
import { calibrate } from "./calibration.ts";
import { estimateInputTokens, extractFeatures } from "./features/extract.ts";
import type { Prompt } from "./features/prompt.ts";
import type { Manifest } from "./manifest.ts";

/** What the inference graph of every family reads. */
export interface GraphFeeds {
  /** int32 [n], n >= 1 */
  readonly ids: Int32Array<ArrayBuffer>;
  /** float32 [n] */
  readonly weights: Float32Array<ArrayBuffer>;
  /** float32 [1, statistics] */
  readonly statistics: Float32Array<ArrayBuffer>;
  /** float32 [models, 1 + abilityWidth], row-major */
  readonly abilities: Float32Array<ArrayBuffer>;
}

/** What it answers. */
export interface GraphOutputs {
  /** float32 [1, models], before calibration */
  readonly logits: Float32Array;
  /** float32 [1, 1], probability that a model of the training population fails */
  readonly difficulty: Float32Array;
  /** float32 [1, tasks], a distribution */
  readonly task: Float32Array;
  /** float32 [1, 2], p50 and p90 of ln(output tokens) of a model with offset 0 */
  readonly logTokens: Float32Array;
}

export interface GraphRunner {
  /** May be called again before it has resolved. The arrays stay the caller's. */
  run(feeds: GraphFeeds): Promise<GraphOutputs>;
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

/** Beyond these an exponentiated length means nothing: one token, and the longest answers sold. */
const MIN_LOG_TOKENS = 0;
const MAX_LOG_TOKENS = Math.log(128_000);

export class Scorer {
  readonly #manifest: Manifest;
  readonly #panel: readonly PanelModel[];
  readonly #abilities: Float32Array<ArrayBuffer>;

  /** Throws when a panel model's ability vector does not have the release's width. */
  constructor(manifest: Manifest, panel: readonly PanelModel[]) {
    const width = 1 + manifest.shape.abilityWidth;
    for (const { id, ability } of panel)
      if (ability.length !== width)
        throw new Error(`Cannot score ${id}: ability of ${ability.length} numbers, not ${width}`);
    this.#manifest = manifest;
    this.#panel = panel;
    this.#abilities = Float32Array.from(panel.flatMap(({ ability }) => ability));
  }

  async score(prompt: Prompt, graph: GraphRunner): Promise<Forecast> {
    const { calibration, features, tasks } = this.#manifest;
    const { ids, weights, statistics } = extractFeatures(prompt, features.tableRows);
    const isEmpty = ids.length === 0; // The graph wants at least one row; a weight of 0 says nothing.
    const outputs = await graph.run({
      ids: isEmpty ? new Int32Array(1) : ids,
      weights: isEmpty ? new Float32Array(1) : weights,
      statistics,
      abilities: this.#abilities,
    });
    const [p50 = 0, p90 = 0] = outputs.logTokens;
    return {
      models: this.#panel.map(({ id, standing, logTokensOffset }, m) => ({
        id,
        standing,
        score: calibrate(calibration, outputs.logits[m]!),
        outputTokensP50: tokensOf(p50 + logTokensOffset),
        outputTokensP90: tokensOf(Math.max(p50, p90) + logTokensOffset),
      })),
      inputTokens: estimateInputTokens(prompt),
      difficulty: outputs.difficulty[0]!,
      task: tasks[indexOfMax(outputs.task)]!,
    };
  }
}

function tokensOf(logTokens: number): number {
  return Math.round(Math.exp(Math.min(Math.max(logTokens, MIN_LOG_TOKENS), MAX_LOG_TOKENS)));
}

function indexOfMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
