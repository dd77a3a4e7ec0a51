/**
 * From examples to a router: choose how long and how freely to train, calibrate, train on everything.
 *
 * A few hundred rows and a dozen thousand want different training. So some plans, from "mostly the
 * surface" to "the lexical branch at full rate for long", are each tried in full on folds, and judged by the loss
 * on the rows each fold left out. The winner's left-out logits are also what calibration is fitted on:
 * they are honest, because no run saw the rows it is asked about, and no row is lost for training. The
 * router itself is then trained by that plan on all rows.
 *
 * Folds go by gid, so one question never stands on both sides. Few rows are split into more folds.
 * Plans are dropped when time is short, the last first; the first always runs.
 */
import type { Corpus } from "./corpus.ts";
import type { Example } from "./examples.ts";
import { foldsOf, isSmall, meanLoss, type Fold, type HeldOut } from "./folds.ts";
import { groundOf, type Ground } from "./ground.ts";
import { TrainingRun, type Hyperparameters, type Runtime } from "./run.ts";

/** What one plan changes of the hyper-parameters. */
export interface Plan {
  readonly name: string;
  readonly epochs: number;
  readonly tableRate: number;
  readonly lexicalDropout: number;
}

/** In the order of how often they win; the first is taken when there is time for no other. */
export const PLANS: readonly Plan[] = [
  { name: "balanced", epochs: 12, tableRate: 1, lexicalDropout: 0.3 },
  { name: "brief", epochs: 6, tableRate: 1, lexicalDropout: 0.3 },
  { name: "surface", epochs: 8, tableRate: 0.2, lexicalDropout: 0.7 },
  { name: "lexical", epochs: 14, tableRate: 3, lexicalDropout: 0.2 },
];

/** A run of fewer steps has not converged, however many epochs that takes. */
const MIN_STEPS = 240;

/** What a run has learnt, and what it knew of its rows beforehand. */
export interface Learnt {
  readonly parameters: Record<string, Float32Array<ArrayBuffer>>;
  readonly corpus: Corpus;
}

export interface Fit extends Learnt {
  readonly plan: Plan;
  readonly hyperparameters: Hyperparameters;
  /** Logits of rows by runs that did not see them, under the winning plan. */
  readonly heldOut: readonly HeldOut[];
  /** These runs, each with the rows that it did not see. */
  readonly judged: readonly Judged[];
  /** Held-out loss of every plan tried: mean over datasets, in nats. */
  readonly tried: readonly { readonly plan: Plan; readonly loss: number }[];
}

export interface Judged extends Learnt {
  readonly unseen: readonly Example[];
}

export interface FitInput {
  readonly examples: readonly Example[];
  readonly models: number;
  /** The plan's fields are replaced by each plan. */
  readonly hyperparameters: Hyperparameters;
  readonly seed: number;
  /** The CPU and no checkpoints unless given. */
  readonly runtime?: Runtime | undefined;
  /** Whether there is time for another plan; asked before each but the first. */
  readonly hasTime: (share: number) => boolean;
  readonly onProgress: (done: number, total: number, note: string) => void;
}

/** Rejects when there are no examples. Deterministic for a seed as long as `hasTime` answers alike. */
export async function fit(input: FitInput): Promise<Fit> {
  const { examples } = input;
  if (examples.length === 0) throw new Error("Cannot train: there is no training row");
  const folds = foldsOf(examples);
  const tried: Trial[] = [];
  const meter = new StepMeter(input, folds);
  const grounds = folds.map(({ train }) => groundFor(input, train));
  for (const plan of PLANS) {
    if (tried.length > 0 && !input.hasTime(meter.shareOf(plan))) break;
    tried.push(await tryPlan({ input, folds, grounds, meter }, plan));
  }
  const { plan, heldOut, judged } = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  meter.skipTo(plan);
  const ground = groundFor(input, examples);
  const { run, hyperparameters } = await trainOne(input, plan, { ground, meter });
  const parameters = await run.parameters();
  await run.release();
  const losses = tried.map((trial) => ({ plan: trial.plan, loss: trial.loss }));
  return { parameters, corpus: ground, plan, hyperparameters, heldOut, judged, tried: losses };
}

interface Trial {
  readonly plan: Plan;
  readonly loss: number;
  readonly heldOut: readonly HeldOut[];
  readonly judged: readonly Judged[];
}

/** All plans share what is known of a fold's rows. */
function groundFor({ hyperparameters, seed }: FitInput, examples: readonly Example[]): Ground {
  return groundOf(
    examples,
    { ...hyperparameters, ...sizedFor(hyperparameters, examples.length) },
    seed,
  );
}

interface Trying {
  readonly input: FitInput;
  readonly folds: readonly Fold[];
  /** By fold. */
  readonly grounds: readonly Ground[];
  readonly meter: StepMeter;
}

async function tryPlan({ input, folds, grounds, meter }: Trying, plan: Plan): Promise<Trial> {
  const { models } = input;
  const heldOut: HeldOut[] = [];
  const judged: Judged[] = [];
  for (const [fold, { train, test }] of folds.entries()) {
    const ground = grounds[fold]!;
    const { run } = await trainOne({ ...input, examples: train }, plan, { ground, meter });
    const logits = await run.logits(test);
    judged.push({ parameters: await run.parameters(), corpus: ground, unseen: test });
    await run.release();
    test.forEach((example, i) =>
      heldOut.push({ example, logits: logits.slice(i * models, (i + 1) * models) }),
    );
  }
  return { plan, loss: meanLoss(heldOut), heldOut, judged };
}

async function trainOne(
  input: FitInput,
  plan: Plan,
  { ground, meter }: { ground: Ground; meter: StepMeter },
): Promise<{ run: TrainingRun; hyperparameters: Hyperparameters }> {
  const { examples, models, seed, runtime } = input;
  const hyperparameters = applyPlan(input, plan, examples.length);
  const run = await TrainingRun.start({ examples, ground, models, hyperparameters, seed, runtime });
  for (let epoch = 1; epoch <= hyperparameters.epochs; epoch++)
    await run.epoch(() => meter.step(`${plan.name}, epoch ${epoch}/${hyperparameters.epochs}`));
  return { run, hyperparameters };
}

/** A small set gets smaller batches, and grams that fewer prompts use are known. */
function sizedFor(
  { batchSize, minDocuments }: Hyperparameters,
  rows: number,
): Pick<Hyperparameters, "batchSize" | "minDocuments"> {
  return {
    batchSize: Math.min(batchSize, Math.max(16, 2 ** Math.floor(Math.log2(rows / 16)))),
    minDocuments: isSmall(rows) ? 2 : minDocuments,
  };
}

/** As many epochs as the plan says, or as make MIN_STEPS steps. */
function applyPlan(
  { hyperparameters }: FitInput,
  { epochs, tableRate, lexicalDropout }: Plan,
  rows: number,
): Hyperparameters {
  const sized = sizedFor(hyperparameters, rows);
  const atLeast = Math.ceil(MIN_STEPS / Math.ceil(rows / sized.batchSize));
  return {
    ...hyperparameters,
    ...sized,
    tableRate,
    lexicalDropout,
    epochs: Math.max(epochs, atLeast),
  };
}

/** Counts steps over all plans and folds, for the progress bar and for the time that is left. */
class StepMeter {
  readonly #input: FitInput;
  readonly #folds: readonly Fold[];
  #done = 0;
  #total: number;

  constructor(input: FitInput, folds: readonly Fold[]) {
    this.#input = input;
    this.#folds = folds;
    const longest = Math.max(...PLANS.map((plan) => this.#stepsOf(plan, input.examples.length)));
    this.#total = PLANS.reduce((sum, plan) => sum + this.#tryingSteps(plan), longest);
  }

  step(note: string): void {
    this.#done++;
    this.#input.onProgress(this.#done, this.#total, note);
  }

  /** Of the steps done so far: what trying `plan` and then the final training would take. */
  shareOf(plan: Plan): number {
    const final = this.#stepsOf(plan, this.#input.examples.length);
    return (this.#tryingSteps(plan) + final) / Math.max(this.#done, 1);
  }

  /** All plans are tried; what is left is the final training by `plan`. */
  skipTo(plan: Plan): void {
    this.#total = this.#done + this.#stepsOf(plan, this.#input.examples.length);
  }

  #tryingSteps(plan: Plan): number {
    return this.#folds.reduce((sum, { train }) => sum + this.#stepsOf(plan, train.length), 0);
  }

  #stepsOf(plan: Plan, rows: number): number {
    const { epochs, batchSize } = applyPlan(this.#input, plan, rows);
    return epochs * Math.ceil(rows / batchSize);
  }
}
