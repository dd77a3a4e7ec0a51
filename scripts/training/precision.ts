/**
 * What rounding the hashed table costs, on rows that the parameters have not seen.
 *
 * Asked are the runs that the plan was judged by, each about the rows it did not see, as graphs in the
 * runtime of the edge: with the table as it was trained, in 8 bits as it ships, and in 4 bits. Nothing
 * but the table differs, and logits are compared before calibration, so the differences are the rounding's
 * alone. The weights that ship cannot be asked where they have seen every row; where rows were kept from
 * them (fit-stored.ts), it is they that are asked.
 */
import { calibrate } from "../../router-models/calibration.ts";
import { inferenceDefinition } from "../../router-models/families/router.ts";
import type { TableBits } from "../../router-models/graph/compile.ts";
import { shippedLogits } from "./family-fit.ts";
import type { Fit } from "./fit.ts";
import { meanLoss, type HeldOut } from "./folds.ts";

/** Names as they stand in a manifest's metrics. */
export interface PrecisionMetrics {
  /** In nats, as the plans' losses are. */
  readonly heldOutLossFp32: number;
  readonly heldOutLossInt8: number;
  readonly heldOutLossInt4: number;
  /** Of a predicted score, from what the unrounded table predicts: mean and largest, in [0, 1]. */
  readonly meanChangeInt8: number;
  readonly meanChangeInt4: number;
  readonly largestChangeInt8: number;
  readonly largestChangeInt4: number;
}

/** Rejects where a graph does not load. */
export async function precisionMetrics(fit: Fit, models: number): Promise<PrecisionMetrics> {
  const exact = await judgedWith(32, fit, models);
  const int8 = await judgedWith(8, fit, models);
  const int4 = await judgedWith(4, fit, models);
  const [change8, change4] = [changeOf(int8, exact), changeOf(int4, exact)];
  return {
    heldOutLossFp32: meanLoss(exact),
    heldOutLossInt8: meanLoss(int8),
    heldOutLossInt4: meanLoss(int4),
    meanChangeInt8: change8.mean,
    meanChangeInt4: change4.mean,
    largestChangeInt8: change8.largest,
    largestChangeInt4: change4.largest,
  };
}

async function judgedWith(
  tableBits: TableBits,
  { judged, hyperparameters: { shape } }: Fit,
  models: number,
): Promise<HeldOut[]> {
  const heldOut: HeldOut[] = [];
  for (const { parameters, corpus, unseen } of judged) {
    const define = inferenceDefinition(shape, corpus.standardisation);
    const made = { define, shape, parameters };
    heldOut.push(...(await shippedLogits(made, unseen, { models, tableBits })));
  }
  return heldOut;
}

/** Of the scores that the rows have a label for. */
function changeOf(
  rounded: readonly HeldOut[],
  exact: readonly HeldOut[],
): { readonly mean: number; readonly largest: number } {
  let [sum, count, largest] = [0, 0, 0];
  rounded.forEach(({ example, logits }, i) => {
    for (const [m] of example.scores) {
      const change = Math.abs(scoreOf(logits[m]!) - scoreOf(exact[i]!.logits[m]!));
      sum += change;
      count++;
      largest = Math.max(largest, change);
    }
  });
  return { mean: sum / count, largest };
}

/** Before calibration. */
function scoreOf(logit: number): number {
  return calibrate({ kind: "identity" }, logit);
}
