/** How far each router's scores are from what answers turned out to be worth, each reward by its weight. */
import {
  calibrationError,
  reliabilityBins,
  reliabilitySums,
  type ReliabilityBin,
} from "../evaluation/reliability.ts";
import { scoreOf, type Rejudged } from "./judge.ts";

export interface Calibrated {
  /** Expected calibration error, 0 to 1; NaN without answers. */
  readonly error: number;
  /** Counts are sums of weights. */
  readonly bins: readonly ReliabilityBin[];
}

/** Over every decision that somebody answered. */
export function calibrationOf(
  decisions: readonly Rejudged[],
): Record<"candidate" | "incumbent", Calibrated> {
  const answered = decisions.flatMap((one) => {
    const { model } = one.record.outcome;
    return model === null ? [] : [{ ...one, model }];
  });
  const weights = Float64Array.from(answered, ({ reward }) => reward.weight);
  function check(side: "candidate" | "incumbent"): Calibrated {
    const sums = reliabilitySums(
      answered.map(({ reward, model, ...two }, row) => {
        return { row, score: scoreOf(two[side].forecast, model), outcome: reward.value };
      }),
    );
    return { error: calibrationError(sums, weights), bins: reliabilityBins(sums, weights) };
  }
  return { candidate: check("candidate"), incumbent: check("incumbent") };
}
