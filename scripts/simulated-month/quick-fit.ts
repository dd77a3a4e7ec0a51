/**
 * The training that ships, cut short so that a month takes minutes: one plan, one run, and calibration by the rows that
 * this very run was not shown. `npm run train` and `npm run retrain` try several plans on several folds, and then
 * train once more on everything.
 */
import { hashText } from "../../worker/lib/prng.ts";
import type { Example } from "../training/examples.ts";
import { PLANS, type Fit } from "../training/fit.ts";
import { meanLoss } from "../training/folds.ts";
import { groundOf } from "../training/ground.ts";
import { TrainingRun } from "../training/run.ts";
import { SETTINGS, shapeFor } from "../training/settings.ts";

/** One question in so many is for calibration. */
const CALIBRATING = 8;
const STEPS = 240;

/** Deterministic for a seed. Rejects where no question is left to learn or to calibrate by. */
export async function quickFit(
  examples: readonly Example[],
  { models, seed }: { readonly models: number; readonly seed: number },
): Promise<Fit> {
  const unseen = examples.filter(({ gid }) => hashText(gid) % CALIBRATING === 0);
  const train = examples.filter(({ gid }) => hashText(gid) % CALIBRATING !== 0);
  if (train.length === 0 || unseen.length === 0) throw new Error("Cannot train: too few questions");
  const plan = PLANS[0]!;
  const { tableRate, lexicalDropout } = plan;
  const batchSize = Math.min(SETTINGS.batchSize, Math.max(16, train.length >> 4));
  const epochs = Math.ceil((STEPS * batchSize) / train.length);
  const shape = shapeFor(examples.length);
  const hyperparameters = { ...SETTINGS, shape, tableRate, lexicalDropout, batchSize, epochs };
  const ground = groundOf(train, hyperparameters, seed);
  const run = await TrainingRun.start({ examples: train, ground, models, hyperparameters, seed });
  for (let epoch = 0; epoch < epochs; epoch++) await run.epoch();
  const logits = await run.logits(unseen);
  const parameters = await run.parameters();
  await run.release();
  const heldOut = unseen.map((example, i) => ({
    example,
    logits: logits.slice(i * models, (i + 1) * models),
  }));
  const judged = [{ parameters, corpus: ground, unseen }];
  const tried = [{ plan, loss: meanLoss(heldOut) }];
  return { parameters, corpus: ground, plan, hyperparameters, heldOut, judged, tried };
}
