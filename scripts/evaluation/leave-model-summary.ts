/**
 * What single models went through in leave-model-out, as one table with intervals.
 *
 * `share` is a place's gain over the model's full gain, and its median is taken over the models whose full
 * gain is at least LEAST_GAIN: of a model like the average one there is nothing to gain, and a share of
 * nothing says nothing. `pooledShare` is the sum of the gains over the sum of the full ones and leaves
 * nobody out. The bootstrap draws models, because the claim is about the next model, not about more
 * prompts.
 */
import { randomFrom } from "../../worker/lib/prng.ts";
import { bootstrap, type Estimate } from "./bootstrap.ts";

/** How a model was placed. */
export interface Arm {
  readonly start: string;
  readonly design: string;
  readonly probes: number;
}

/** Numbers of one place, averaged over draws. */
export interface ArmOutcome extends Arm {
  /** Nats, against the prior's mean. */
  readonly gain: number;
  readonly apgr: number;
  /** Share of draws whose interval held the full row's standing. */
  readonly coverage: number;
}

export interface ModelTrial {
  readonly model: string;
  readonly full: { readonly gain: number; readonly apgr: number };
  /** The same arms in the same order for every model. */
  readonly outcomes: readonly ArmOutcome[];
}

/** A full gain below this, in nats, is no yardstick. */
const LEAST_GAIN = 0.005;

/** One line of the table. */
export interface SummaryRow extends Arm {
  /** Median over models. */
  readonly share: Estimate;
  readonly pooledShare: Estimate;
  /** Mean over models, nats. */
  readonly gain: Estimate;
  /** Mean over models. */
  readonly apgr: Estimate;
  readonly coverage: number;
}

export interface Summary {
  /** How many models the median share counts. */
  readonly counted: number;
  /** The row learnt from all training scores. */
  readonly full: { readonly gain: Estimate; readonly apgr: Estimate };
  readonly rows: readonly SummaryRow[];
}

/** At least one trial. */
export function summariseModels(
  trials: readonly ModelTrial[],
  { seed, resamples }: { seed: number; resamples: number },
): Summary {
  const groups = trials.map(({ model }) => model);
  function estimate(statistic: (counts: Float64Array) => Record<string, number>) {
    return bootstrap(statistic, { groups, resamples, random: randomFrom(seed) });
  }
  const full = estimate((counts) => ({
    gain: weightedMean(trials, counts, (trial) => trial.full.gain),
    apgr: weightedMean(trials, counts, (trial) => trial.full.apgr),
  }));
  return {
    counted: trials.filter((trial) => trial.full.gain >= LEAST_GAIN).length,
    full: { gain: full["gain"]!, apgr: full["apgr"]! },
    rows: trials[0]!.outcomes.map(({ start, design, probes }, arm) => {
      function mean(counts: Float64Array, of: (outcome: ArmOutcome) => number): number {
        return weightedMean(trials, counts, ({ outcomes }) => of(outcomes[arm]!));
      }
      const { share, pooledShare, gain, apgr } = estimate((counts) => ({
        share: medianShare(trials, counts, arm),
        pooledShare: mean(counts, (o) => o.gain) / weightedMean(trials, counts, (t) => t.full.gain),
        gain: mean(counts, (outcome) => outcome.gain),
        apgr: mean(counts, (outcome) => outcome.apgr),
      }));
      const coverage = mean(new Float64Array(trials.length).fill(1), (o) => o.coverage);
      return {
        start,
        design,
        probes,
        share: share!,
        pooledShare: pooledShare!,
        gain: gain!,
        apgr: apgr!,
        coverage,
      };
    }),
  };
}

/** Of the models with a yardstick; NaN where there are none. */
function medianShare(trials: readonly ModelTrial[], counts: Float64Array, arm: number): number {
  const shares = trials
    .flatMap(({ full, outcomes }, at) =>
      full.gain < LEAST_GAIN
        ? []
        : Array.from({ length: counts[at]! }, () => outcomes[arm]!.gain / full.gain),
    )
    .toSorted((a, b) => a - b);
  const middle = shares.length >> 1;
  if (shares.length === 0) return NaN;
  return shares.length % 2 === 1 ? shares[middle]! : (shares[middle - 1]! + shares[middle]!) / 2;
}

/** Over the trials where the number is defined. */
function weightedMean(
  trials: readonly ModelTrial[],
  counts: Float64Array,
  of: (trial: ModelTrial) => number,
): number {
  let [sum, weight] = [0, 0];
  trials.forEach((trial, at) => {
    const value = of(trial);
    if (!Number.isFinite(value)) return;
    sum += counts[at]! * value;
    weight += counts[at]!;
  });
  return sum / weight;
}
