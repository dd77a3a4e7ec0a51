/**
 * One training run: the compiled step graph, its state, and the loop that feeds it.
 *
 * ONNX Runtime only infers, but a training step is a function as well: state and batch in, loss and
 * next state out. This file owns the session and the state tensors and hands the outputs of a step to
 * the next one. One thread and a seed make it the same to the last bit on the same machine.
 */
import * as ort from "onnxruntime-node";
import { answerColumns } from "../../router-models/families/answer.ts";
import type { HeadWeights } from "../../router-models/families/classifier.ts";
import type { MfShape } from "../../router-models/families/mf.ts";
import { lossDefinition } from "../../router-models/families/router.ts";
import { compileTrainingStep } from "../../router-models/graph/compile.ts";
import { adamScalars } from "../../router-models/graph/optimizer.ts";
import { normalFrom, randomFrom, shuffle, type Random } from "../../worker/lib/prng.ts";
import { batchTensors, type Tensor } from "./batch.ts";
import type { Corpus } from "./corpus.ts";
import type { Example } from "./examples.ts";

export interface Hyperparameters {
  readonly shape: MfShape;
  readonly batchSize: number;
  /** Peak learning rate; it falls linearly to nearly 0 over the epochs. */
  readonly rate: number;
  readonly epochs: number;
  /** Factor of the table's learning rate, and its damping: see graph/optimizer.ts. */
  readonly tableRate: number;
  readonly tableDamping: number;
  readonly abilityRate: number;
  /** Decoupled weight decay of the table, the dense layers and the abilities. */
  readonly tableDecay: number;
  readonly denseDecay: number;
  readonly abilityDecay: number;
  /** Share of rows whose lexical branch is dropped in a step. */
  readonly lexicalDropout: number;
  /** Table rows that fewer prompts use are ignored. */
  readonly minDocuments: number;
  readonly headWeights: HeadWeights;
  /** A set of n rows weighs n^exponent in all: 1 keeps proportions, 0 makes all sets equal. */
  readonly datasetExponent: number;
  /** Deviation of the initial values of the table and of the abilities. */
  readonly tableSpread: number;
  readonly abilitySpread: number;
  readonly clipNorm: number;
}

export interface RunInput {
  readonly examples: readonly Example[];
  readonly corpus: Corpus;
  readonly models: number;
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
}

export class TrainingRun {
  readonly #session: ort.InferenceSession;
  readonly #state: Record<string, ort.Tensor>;
  readonly #input: RunInput;
  readonly #random: Random;
  readonly #datasetWeight: ReadonlyMap<string, number>;
  #step = 0;

  private constructor(
    session: ort.InferenceSession,
    state: Record<string, ort.Tensor>,
    input: RunInput,
  ) {
    this.#session = session;
    this.#state = state;
    this.#input = input;
    this.#random = randomFrom(input.seed + 1);
    this.#datasetWeight = weightsOfDatasets(input.examples, input.hyperparameters.datasetExponent);
  }

  static async start(input: RunInput): Promise<TrainingRun> {
    const {
      shape,
      headWeights,
      tableDecay,
      tableRate,
      tableDamping,
      denseDecay,
      abilityDecay,
      abilityRate,
      clipNorm,
    } = input.hyperparameters;
    const define = lossDefinition(shape, input.corpus.standardisation, {
      models: input.models,
      headWeights,
    });
    const step = compileTrainingStep(define, {
      clipNorm,
      tuning: {
        "surface.weight": { weightDecay: denseDecay },
        "answer.weight": { weightDecay: denseDecay },
        table: { weightDecay: tableDecay, rateFactor: tableRate, damping: tableDamping },
        abilities: { weightDecay: abilityDecay, rateFactor: abilityRate },
        tokenOffsets: { weightDecay: denseDecay, rateFactor: 2 },
      },
    });
    const session = await ort.InferenceSession.create(step.bytes, {
      executionProviders: ["cpu"],
      intraOpNumThreads: 1, // A second thread gains little at this size and costs bit-identity.
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
    const state = initialState(step.state, input);
    return new TrainingRun(session, state, input);
  }

  get stepsPerEpoch(): number {
    const { examples, hyperparameters } = this.#input;
    return Math.ceil(examples.length / hyperparameters.batchSize);
  }

  /** Every example once, in a new order. Answers the mean loss; `onStep` is told of each step. */
  async epoch(onStep: () => void = () => {}): Promise<number> {
    const { examples, hyperparameters } = this.#input;
    const { batchSize, rate, epochs, lexicalDropout } = hyperparameters;
    const order = shuffle([...examples.keys()], this.#random);
    const total = epochs * this.stepsPerEpoch;
    let sum = 0;
    for (let at = 0; at < order.length; at += batchSize) {
      const batch = order.slice(at, at + batchSize).map((i) => examples[i]!);
      const keepLexical = batch.map(() => (this.#random() < lexicalDropout ? 0 : 1));
      const now = rate * Math.max(1 - this.#step / total, 0.02);
      this.#step++;
      const results = await this.#run(
        batch,
        { keepLexical, ...adamScalars(now, this.#step) },
        true,
      );
      for (const name of Object.keys(this.#state)) this.#state[name] = results[`${name}_next`]!;
      sum += floatsOf(results["loss"])[0]! * batch.length;
      onStep();
    }
    return sum / examples.length;
  }

  /** Logits of other examples under the present state: float32 [examples, models]. */
  async logits(examples: readonly Example[]): Promise<Float32Array> {
    const { batchSize } = this.#input.hyperparameters;
    const out = new Float32Array(examples.length * this.#input.models);
    for (let at = 0; at < examples.length; at += batchSize) {
      const batch = examples.slice(at, at + batchSize);
      const keepLexical = batch.map(() => 1);
      const still = { keepLexical, rate: 0, epsilon: 1, decayRate: 0 };
      const results = await this.#run(batch, still, false);
      out.set(floatsOf(results["logits"]), at * this.#input.models);
    }
    return out;
  }

  /** The trained tensors, moments left out. A table row that is not known is zeros, whatever it began with. */
  parameters(): Record<string, Float32Array<ArrayBuffer>> {
    const { corpus, hyperparameters } = this.#input;
    const { tableWidth } = hyperparameters.shape;
    const trained = Object.fromEntries(
      Object.entries(this.#state)
        .filter(([name]) => !/^[mv]_/.test(name))
        .map(([name, tensor]) => [name, Float32Array.from(floatsOf(tensor))]),
    );
    corpus.isKnown.forEach((known, row) => {
      if (known === 0) trained["table"]!.fill(0, row * tableWidth, (row + 1) * tableWidth);
    });
    return trained;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #run(
    batch: readonly Example[],
    { keepLexical, ...scalars }: StepScalars,
    isTraining: boolean,
  ): Promise<ort.InferenceSession.OnnxValueMapType> {
    const { corpus, models, hyperparameters } = this.#input;
    const feeds = batchTensors(batch, corpus, {
      models,
      tasks: hyperparameters.shape.tasks,
      datasetWeight: this.#datasetWeight,
      keepLexical,
    });
    for (const [name, value] of Object.entries(scalars))
      feeds[name] = { data: Float32Array.of(value), dims: [] };
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]),
    );
    const all = { ...this.#state, ...tensors };
    return isTraining
      ? this.#session.run(all, { loss: null, ...this.#nextState() })
      : this.#session.run(all, ["logits"]);
  }

  /** The tables are megabytes and written in place: the step reads them only through the rows it replaces. */
  #nextState(): Record<string, ort.Tensor | null> {
    return Object.fromEntries(
      Object.entries(this.#state).map(([name, tensor]) => [
        `${name}_next`,
        /^([mv]_)?table$/.test(name) ? tensor : null,
      ]),
    );
  }
}

interface StepScalars {
  readonly keepLexical: readonly number[];
  readonly rate: number;
  readonly epsilon: number;
  readonly decayRate: number;
}

function floatsOf(tensor: ort.Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new Error("Cannot read a training step: an output is missing or not float32");
}

function toOrt({ data, dims }: Tensor): ort.Tensor {
  return data instanceof Int32Array
    ? new ort.Tensor("int32", data, dims)
    : new ort.Tensor("float32", data, dims);
}

/** n^exponent / n for each set, scaled so that the mean weight of an example is 1. */
function weightsOfDatasets(
  examples: readonly Example[],
  exponent: number,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { dataset } of examples) counts.set(dataset, (counts.get(dataset) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, n) => sum + n ** exponent, 0);
  return new Map(
    [...counts].map(([dataset, n]) => [dataset, (n ** exponent / n / total) * examples.length]),
  );
}

/**
 * Moments at 0, weights at small random numbers, each model's bias at the logit of its mean score: the
 * rest then has only to learn what differs from prompt to prompt.
 */
function initialState(
  dims: Readonly<Record<string, readonly number[]>>,
  { examples, seed, hyperparameters }: RunInput,
): Record<string, ort.Tensor> {
  const normal = normalFrom(randomFrom(seed));
  const state: Record<string, ort.Tensor> = {};
  for (const [name, shape] of Object.entries(dims)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (name === "table") fill(data, () => hyperparameters.tableSpread * normal());
    else if (name.endsWith(".weight") && !/^[mv]_/.test(name))
      fill(data, () => normal() / Math.sqrt(shape[0]!));
    else if (name === "abilities") {
      fill(data, () => hyperparameters.abilitySpread * normal());
      const width = shape[1]!;
      meanScores(examples, shape[0]!).forEach((p, m) => (data[m * width] = Math.log(p / (1 - p))));
    } else if (name === "answer.bias")
      data[answerColumns(hyperparameters.shape).length[0]] = meanLogTokens(examples);
    state[name] = new ort.Tensor("float32", data, shape);
  }
  return state;
}

function fill(data: Float32Array, next: () => number): void {
  for (let i = 0; i < data.length; i++) data[i] = next();
}

/** Shrunk to 1/2 by one imagined success and failure. */
export function meanScores(examples: readonly Example[], models: number): number[] {
  const sum = new Float64Array(models).fill(1);
  const count = new Float64Array(models).fill(2);
  for (const { scores } of examples)
    for (const [m, score] of scores) {
      sum[m]! += score;
      count[m]!++;
    }
  return Array.from(sum, (s, m) => s / count[m]!);
}

/** Of a 200-token answer where no row says how long answers are. */
function meanLogTokens(examples: readonly Example[]): number {
  const all = examples.flatMap(({ logTokens }) => logTokens.map(([, value]) => value));
  return all.length === 0 ? Math.log(200) : all.reduce((a, b) => a + b, 0) / all.length;
}
