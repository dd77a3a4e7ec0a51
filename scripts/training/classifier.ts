/**
 * How `classifier` is made: by gradient steps on its own loss (families/strong-win.ts), in the session
 * that also trains `mf`.
 *
 * Which models of a row are strong and which are weak is read off their mean scores over all training
 * rows, once: the verdict is about the models, the row only decides how it came out.
 */
import {
  strongWinDefinition,
  strongWinLoss,
  type StrongWinShape,
} from "../../router-models/families/strong-win.ts";
import { compileTrainingStep, type TrainingStep } from "../../router-models/graph/compile.ts";
import { adamScalars } from "../../router-models/graph/optimizer.ts";
import { normalFrom, randomFrom } from "../../worker/lib/prng.ts";
import { batchTensors, type Tensor } from "./batch.ts";
import { describeCorpus, type Corpus } from "./corpus.ts";
import { StepSession, type State } from "./device.ts";
import type { Example } from "./examples.ts";
import type { FamilyPlan, Made, Recipe } from "./family-fit.ts";
import type { FitInput } from "./fit.ts";
import { epochOrder } from "./order.ts";
import { meanScores } from "./run.ts";

interface ClassifierPlan extends FamilyPlan {
  readonly settings: { readonly tableRate: number; readonly lexicalDropout: number };
}

interface Base {
  readonly examples: readonly Example[];
  readonly input: FitInput;
  readonly corpus: Corpus;
  /** By model. */
  readonly means: readonly number[];
}

const WIDTH = 24;
/** Deviation of the initial values of the table. */
const TABLE_SPREAD = 0.1;
const BATCH = 128;
const MIN_STEPS = 120;

export const CLASSIFIER: Recipe<Base, ClassifierPlan> = {
  family: "classifier",
  plans: [
    { name: "balanced", epochs: 8, settings: { tableRate: 1, lexicalDropout: 0.3 } },
    { name: "surface", epochs: 8, settings: { tableRate: 0.2, lexicalDropout: 0.7 } },
  ],
  prepare(examples, input) {
    const { tableRows } = input.hyperparameters.shape;
    const corpus = describeCorpus(examples, { tableRows, minDocuments: 2 });
    return { examples, input, corpus, means: meanScores(examples, input.models) };
  },
  make,
};

async function make(base: Base, plan: ClassifierPlan): Promise<Made> {
  const { input, corpus } = base;
  const { tableRows, tasks } = input.hyperparameters.shape;
  const shape: StrongWinShape = { tableRows, tableWidth: WIDTH, abilityWidth: 1, tasks };
  const step = compiledStep(base, shape, plan);
  const session = await StepSession.open(
    step,
    firstState(step, base),
    input.runtime?.device ?? "cpu",
  );
  await train(session, { base, plan, tasks });
  const state = await session.state();
  const parameters = Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => !/^[mv]_/.test(name))
      .map(([name, data]) => [name, data.slice()]),
  );
  await session.release();
  corpus.isKnown.forEach((known, row) => {
    if (known === 0) parameters["table"]!.fill(0, row * WIDTH, (row + 1) * WIDTH);
  });
  return {
    define: strongWinDefinition(shape, corpus.standardisation),
    shape: { ...shape, hiddenWidth: WIDTH },
    parameters,
  };
}

function compiledStep(
  { input, corpus }: Base,
  shape: StrongWinShape,
  { settings }: ClassifierPlan,
): TrainingStep {
  const { headWeights, clipNorm, tableDecay, tableDamping, denseDecay, abilityDecay, abilityRate } =
    input.hyperparameters;
  const loss = strongWinLoss(shape, corpus.standardisation, { models: input.models, headWeights });
  return compileTrainingStep(loss, {
    clipNorm,
    tuning: {
      table: { weightDecay: tableDecay, rateFactor: settings.tableRate, damping: tableDamping },
      "query.weight": { weightDecay: denseDecay },
      "answer.weight": { weightDecay: denseDecay },
      abilities: { weightDecay: abilityDecay, rateFactor: abilityRate },
      tokenOffsets: { weightDecay: denseDecay, rateFactor: 2 },
    },
  });
}

/** A strength is first what a model's mean score suggests, so that demand has something to act on. */
function firstState({ state: dims }: TrainingStep, { input, means }: Base): State {
  const normal = normalFrom(randomFrom(input.seed));
  const state: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const [name, sizes] of Object.entries(dims)) {
    const data = new Float32Array(sizes.reduce((a, b) => a * b, 1));
    const spread = spreadOf(name, { first: sizes[0]!, table: TABLE_SPREAD });
    if (spread > 0) data.forEach((_, i) => (data[i] = spread * normal()));
    if (name === "abilities")
      means.forEach((p, m) => data.fill(Math.log(p / (1 - p)), 2 * m, 2 * m + 2));
    if (name === "query.bias") data.fill(0.1); // Or half of the units begin dead.
    state[name] = data;
  }
  return state;
}

function spreadOf(name: string, { first, table }: { first: number; table: number }): number {
  if (name === "table") return table;
  return /^(query|answer)\.weight$/.test(name) ? 1 / Math.sqrt(first) : 0;
}

async function train(
  session: StepSession,
  { base, plan, tasks }: { base: Base; plan: ClassifierPlan; tasks: number },
): Promise<void> {
  const { examples, input, corpus, means } = base;
  const { rate } = input.hyperparameters;
  const random = randomFrom(input.seed + 1);
  const batchSize = Math.min(BATCH, Math.max(16, 2 ** Math.floor(Math.log2(examples.length / 16))));
  const perEpoch = Math.ceil(examples.length / batchSize);
  const total = Math.max(plan.epochs * perEpoch, MIN_STEPS);
  for (let done = 0; done < total;) {
    const order = [...epochOrder(examples.length, random)];
    for (let at = 0; at < order.length && done < total; at += batchSize) {
      const batch = order.slice(at, at + batchSize).map((i) => examples[i]!);
      const keepLexical = batch.map(() => (random() < plan.settings.lexicalDropout ? 0 : 1));
      const now = rate * Math.max(1 - done / total, 0.02);
      const feeds: Record<string, Tensor> = {
        ...batchTensors(batch, corpus, {
          models: input.models,
          tasks,
          datasetWeight: new Map(),
          keepLexical,
        }),
        ...verdictTensors(batch, means),
      };
      for (const [name, value] of Object.entries(adamScalars(now, ++done)))
        feeds[name] = { data: Float32Array.of(value), dims: [] };
      await session.step(feeds);
    }
  }
}

/** Whether the strong third of a row's models did better than the weak third: 1, 0, or between. */
function verdictTensors(
  examples: readonly Example[],
  means: readonly number[],
): Record<"contrast" | "verdicts" | "verdictWeights", Tensor> {
  const [B, M] = [examples.length, means.length];
  const contrast = new Float32Array(B * M);
  const verdicts = new Float32Array(B);
  const verdictWeights = new Float32Array(B);
  examples.forEach(({ scores }, b) => {
    const ranked = scores.toSorted(([m], [n]) => means[m]! - means[n]!);
    const third = Math.floor((ranked.length + 1) / 3);
    if (third === 0 || ranked.length < 2) return;
    let lead = 0;
    for (const [m, score] of ranked.slice(0, third)) {
      contrast[b * M + m] = -1 / third;
      lead -= score / third;
    }
    for (const [m, score] of ranked.slice(-third)) {
      contrast[b * M + m] = 1 / third;
      lead += score / third;
    }
    verdicts[b] = (1 + lead) / 2;
    verdictWeights[b] = 1;
  });
  return {
    contrast: { data: contrast, dims: [B, M] },
    verdicts: { data: verdicts, dims: [B, 1] },
    verdictWeights: { data: verdictWeights, dims: [B, 1] },
  };
}
