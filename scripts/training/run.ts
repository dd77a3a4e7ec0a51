/**
 * One training run: the compiled step graph, its first state, and the loop that feeds it.
 *
 * ONNX Runtime only infers, but a training step is a function as well: state and batch in, loss and
 * next state out. What the loop does is decided by the seed and the examples; the state is all that a
 * run has to remember. So a resumed run draws the same random numbers as before, leaves out the steps
 * that its checkpoint has behind it, and ends with the same bits.
 */
import { createHash } from "node:crypto";
import { answerColumns } from "../../router-models/families/answer.ts";
import type { HeadWeights } from "../../router-models/families/classifier.ts";
import { lossDefinition } from "../../router-models/families/router.ts";
import { compileTrainingStep, type TrainingStep } from "../../router-models/graph/compile.ts";
import { adamScalars } from "../../router-models/graph/optimizer.ts";
import { normalFrom, randomFrom, type Random } from "../../worker/lib/prng.ts";
import { batchTensors, type Tensor } from "./batch.ts";
import type { Checkpoints, RunCheckpoint } from "./checkpoint.ts";
import { StepSession, type Device, type State } from "./device.ts";
import type { Example, Examples, Guess } from "./examples.ts";
import type { Ground, GroundOptions } from "./ground.ts";
import { epochOrder } from "./order.ts";

export interface Hyperparameters extends GroundOptions {
  readonly batchSize: number;
  /** Peak learning rate; it falls linearly to nearly 0 over the epochs. */
  readonly rate: number;
  readonly epochs: number;
  /** Factor of the table's learning rate, and its damping: see graph/optimizer.ts. */
  readonly tableRate: number;
  readonly tableDamping: number;
  readonly abilityRate: number;
  readonly groupRate: number;
  /** Decoupled weight decay of the table, the groups' answers, the dense layers and the abilities. */
  readonly tableDecay: number;
  readonly groupDecay: number;
  readonly denseDecay: number;
  readonly abilityDecay: number;
  /** Share of rows whose lexical branch is dropped in a step. */
  readonly lexicalDropout: number;
  readonly contrastWeight: number;
  readonly headWeights: HeadWeights;
  /** A set of n rows weighs n^exponent in all: 1 keeps proportions, 0 makes all sets equal. */
  readonly datasetExponent: number;
  /** Deviation of the initial values of the abilities. */
  readonly abilitySpread: number;
  readonly clipNorm: number;
}

/** Where runs compute, and where they keep what they have done; nowhere unless given. */
export interface Runtime {
  readonly device: Device;
  readonly checkpoints?: Checkpoints | undefined;
}

export interface RunInput {
  readonly examples: Examples;
  readonly ground: Ground;
  readonly models: number;
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
  /** The CPU and no checkpoints unless given. */
  readonly runtime?: Runtime | undefined;
}

export class TrainingRun {
  readonly #session: StepSession;
  readonly #input: RunInput;
  readonly #checkpoint: RunCheckpoint | undefined;
  readonly #random: Random;
  readonly #datasetWeight: ReadonlyMap<string, number>;
  #step = 0;

  private constructor(session: StepSession, input: RunInput, checkpoint?: RunCheckpoint) {
    this.#session = session;
    this.#input = input;
    this.#checkpoint = checkpoint;
    this.#random = randomFrom(input.seed + 1);
    this.#datasetWeight = weightsOfDatasets(input.examples, input.hyperparameters.datasetExponent);
  }

  static async start(input: RunInput): Promise<TrainingRun> {
    const {
      shape,
      contrastWeight,
      headWeights,
      tableDecay,
      tableRate,
      tableDamping,
      denseDecay,
      abilityDecay,
      abilityRate,
      groupDecay,
      groupRate,
      clipNorm,
    } = input.hyperparameters;
    const define = lossDefinition(shape, input.ground.standardisation, {
      models: input.models,
      contrastWeight,
      headWeights,
    });
    const step = compileTrainingStep(define, {
      clipNorm,
      tuning: {
        "surface.weight": { weightDecay: denseDecay },
        "joint.weight": { weightDecay: denseDecay / 3 },
        "answer.weight": { weightDecay: denseDecay },
        table: { weightDecay: tableDecay, rateFactor: tableRate, damping: tableDamping },
        abilities: { weightDecay: abilityDecay, rateFactor: abilityRate },
        "groups.answers": { weightDecay: groupDecay, rateFactor: groupRate },
        tokenOffsets: { weightDecay: denseDecay, rateFactor: 2 },
      },
    });
    const { device, checkpoints } = input.runtime ?? { device: "cpu" };
    const checkpoint = await checkpoints?.nextRun(keyOf(step, input));
    const state = initialState(step.state, input, checkpoint?.saved?.state);
    return new TrainingRun(await StepSession.open(step, state, device), input, checkpoint);
  }

  get stepsPerEpoch(): number {
    const { examples, hyperparameters } = this.#input;
    return Math.ceil(examples.length / hyperparameters.batchSize);
  }

  /**
   * Every example once, in a new order, or as many steps as `most` says. Answers the mean loss of the
   * steps that were not done before; `onStep` is told of each step.
   */
  async epoch(onStep: () => void = () => {}, most = Infinity): Promise<number> {
    const { examples, hyperparameters } = this.#input;
    const { batchSize, rate, epochs, lexicalDropout } = hyperparameters;
    const total = epochs * this.stepsPerEpoch;
    const order = batches(epochOrder(examples.length, this.#random), batchSize);
    let [sum, rows] = [0, 0];
    for (const indices of take(order, most)) {
      const keepLexical = indices.map(() => (this.#random() < lexicalDropout ? 0 : 1));
      const now = rate * Math.max(1 - this.#step / total, 0.02);
      this.#step++;
      if (this.#step > (this.#checkpoint?.saved?.step ?? 0)) {
        const batch = indices.map((i) => examples.at(i)!);
        const scalars = { keepLexical, ...adamScalars(now, this.#step) };
        const loss = await this.#session.step(this.#feeds(batch, scalars));
        if (!Number.isFinite(loss)) throw new Error(diverged(loss, this.#step, now));
        sum += loss * batch.length;
        rows += batch.length;
        await this.#keep(this.#step === total);
      }
      onStep();
    }
    return sum / rows;
  }

  /** Logits of other examples under the present state: float32 [examples, models]. */
  async logits(examples: readonly Example[]): Promise<Float32Array> {
    const { batchSize } = this.#input.hyperparameters;
    const out = new Float32Array(examples.length * this.#input.models);
    for (let at = 0; at < examples.length; at += batchSize) {
      const batch = examples.slice(at, at + batchSize);
      const keepLexical = batch.map(() => 1);
      const still = { keepLexical, rate: 0, epsilon: 1, decayRate: 0 };
      const logits = await this.#session.output(this.#feeds(batch, still), "logits");
      out.set(logits, at * this.#input.models);
    }
    return out;
  }

  /** The trained tensors, moments left out. */
  async parameters(): Promise<Record<string, Float32Array<ArrayBuffer>>> {
    const trained = Object.entries(withoutMoments(await this.#session.state()));
    return Object.fromEntries(trained.map(([name, data]) => [name, data.slice()]));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  /** A run that is done needs no moments any more. */
  async #keep(isDone: boolean): Promise<void> {
    if (isDone)
      await this.#checkpoint?.save(this.#step, withoutMoments(await this.#session.state()));
    else await this.#checkpoint?.offer(this.#step, () => this.#session.state());
  }

  #feeds(
    batch: readonly Example[],
    { keepLexical, ...scalars }: StepScalars,
  ): Record<string, Tensor> {
    const { ground, models, hyperparameters } = this.#input;
    const feeds = batchTensors(batch, ground, {
      models,
      tasks: hyperparameters.shape.tasks,
      datasetWeight: this.#datasetWeight,
      keepLexical,
    });
    for (const [name, value] of Object.entries(scalars))
      feeds[name] = { data: Float32Array.of(value), dims: [] };
    return feeds;
  }
}

function diverged(loss: number, step: number, rate: number): string {
  return `The loss is ${loss} at step ${step}, at a rate of ${rate}: training has diverged; lower the rates in scripts/training/settings.ts`;
}

interface StepScalars {
  readonly keepLexical: readonly number[];
  readonly rate: number;
  readonly epsilon: number;
  readonly decayRate: number;
}

function withoutMoments(state: State): State {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !/^[mv]_/.test(name)));
}

function* batches(order: Iterable<number>, size: number): Generator<number[]> {
  let batch: number[] = [];
  for (const index of order) {
    batch.push(index);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function* take<T>(items: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ >= most) return;
    yield item;
  }
}

/** Tells a run from others of its training: what is computed, how often, and how its rows begin. */
function keyOf({ bytes }: TrainingStep, { examples, hyperparameters, seed }: RunInput): string {
  const hash = createHash("sha256").update(bytes);
  hash.update(JSON.stringify([hyperparameters, seed, examples.length]));
  for (let i = 0; i < Math.min(examples.length, hyperparameters.batchSize); i++)
    hash.update(JSON.stringify(examples.at(i)));
  return hash.digest("hex");
}

/** n^exponent / n for each set, scaled so that the mean weight of an example is 1. */
function weightsOfDatasets(examples: Examples, exponent: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { dataset } of examples) counts.set(dataset, (counts.get(dataset) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, n) => sum + n ** exponent, 0);
  return new Map(
    [...counts].map(([dataset, n]) => [dataset, (n ** exponent / n / total) * examples.length]),
  );
}

/**
 * Moments and the groups' answers at 0, weights at small random numbers, words and groups where they
 * begin, each model's bias at the logit of its mean score: the rest then has only to learn what differs
 * from prompt to prompt. What a checkpoint has is taken from it.
 */
function initialState(
  dims: Readonly<Record<string, readonly number[]>>,
  { examples, ground, seed, hyperparameters }: RunInput,
  saved: State = {},
): State {
  const normal = normalFrom(randomFrom(seed));
  const state: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const [name, shape] of Object.entries(dims)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (name.endsWith(".weight") && !/^[mv]_/.test(name))
      fill(data, () => normal() / Math.sqrt(shape[0]!));
    else if (name === "abilities") {
      fill(data, () => hyperparameters.abilitySpread * normal());
      const width = shape[1]!;
      meanScores(examples, shape[0]!).forEach((p, m) => (data[m * width] = Math.log(p / (1 - p))));
    } else if (name === "answer.bias")
      data[answerColumns(hyperparameters.shape).length[0]] = meanLogTokens(examples);
    state[name] = data;
  }
  return { ...state, ...copyOf(ground.beginning), ...saved };
}

/** A run trains in place. */
function copyOf(beginning: State): State {
  return Object.fromEntries(Object.entries(beginning).map(([name, data]) => [name, data.slice()]));
}

function fill(data: Float32Array, next: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = next();
}

/** Shrunk to 1/2 by one imagined success and failure. */
export function meanScores(examples: Examples, models: number): number[] {
  const sum = new Float64Array(models).fill(1);
  const count = new Float64Array(models).fill(2);
  for (const { scores, weight = 1, guesses = [] } of examples)
    for (const [m, score, share] of [...labelsOf(scores, weight), ...guesses]) {
      sum[m]! += share * score;
      count[m]! += share;
    }
  return Array.from(sum, (s, m) => s / count[m]!);
}

function labelsOf(scores: Example["scores"], weight: number): Guess[] {
  return scores.map(([m, score]) => [m, score, weight]);
}

/** Of a 200-token answer where no row says how long answers are. */
function meanLogTokens(examples: Examples): number {
  let [sum, count] = [0, 0];
  for (const { logTokens } of examples)
    for (const [, value] of logTokens) {
      sum += value;
      count++;
    }
  return count === 0 ? Math.log(200) : sum / count;
}
