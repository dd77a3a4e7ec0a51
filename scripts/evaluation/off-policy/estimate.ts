/**
 * What another policy would have earned, from what was logged of the one that served: no prompt is asked again.
 *
 * A row is a request with its reward. With w = target probability of the logged action / its logged propensity,
 * r the reward and q̂ a reward model:
 *
 *     IPS   = mean w r                         right where propensities are
 *     SNIPS = Σ w r / Σ w                      the same, with less noise and a bias that falls with the rows
 *     DR    = mean q̂(target) + w (r − q̂(logged))    right where either propensities or q̂ are
 *
 * All means weigh a row by how much its reward is worth (domain/reward.ts). w is clipped at `clip`, 100 where nothing
 * else is asked for, the inverse of the least propensity that explores by default: beyond it an estimate gives up a
 * little of its mean for much of its noise, and `clipped` says in how many rows it did.
 *
 * An action that could never have been logged has no row to stand for it. IPS takes such actions for worthless and DR
 * believes the reward model alone, so what part of the target is made of them is answered too, as `unsupported`.
 *
 * Intervals resample clusters: rows of one prompt are not independent. `difference` is the target's DR less the
 * incumbent's, over the same rows. That a reward is heard of is taken not to depend on the action.
 *
 * Sources: Horvitz and Thompson 1952; Swaminathan and Joachims 2015 (self-normalised); Dudík et al. 1103.4601 (DR).
 */
import { randomFrom } from "../../../worker/lib/prng.ts";
import { bootstrap, type Estimate } from "../bootstrap.ts";

export interface OffPolicyRow {
  /** 0..1 */
  readonly reward: number;
  /** How much the reward is worth, above 0. */
  readonly weight: number;
  /** Of the logged action, as the policy that logged it drew it. 0 says that it cannot have drawn it. */
  readonly propensity: number;
  /** Of the logged action, as the new policy would draw it. */
  readonly target: number;
  /** The same of the incumbent. */
  readonly incumbent: number;
  /** Part of the new policy's draws, 0..1, that are actions which could not have been logged. */
  readonly unsupported: number;
  /** The reward model's: of the logged action, and what it expects of either policy; 0..1. */
  readonly predicted: {
    readonly logged: number;
    readonly target: number;
    readonly incumbent: number;
  };
  /** Rows of one cluster, such as one prompt's, are resampled together. */
  readonly cluster: string;
  readonly slice: string;
}

export interface OffPolicyEstimate {
  readonly rows: number;
  readonly ips: Estimate;
  readonly snips: Estimate;
  readonly dr: Estimate;
  /** DR of the incumbent. */
  readonly incumbent: Estimate;
  /** DR of the new policy less that of the incumbent. */
  readonly difference: Estimate;
  /** (Σ w)² / Σ w²: so many rows of the new policy's own would say as much. */
  readonly effectiveSampleSize: number;
  /** Share of the new policy's draws that no row can stand for, 0..1. */
  readonly unsupported: number;
  /** Rows whose importance was cut. */
  readonly clipped: number;
}

export interface Estimation {
  /** Of the intervals, in (0, 1). */
  readonly confidence: number;
  readonly seed: number;
  /** Most that a row may count for. */
  readonly clip?: number;
  readonly resamples?: number;
}

const DEFAULT_CLIP = 100;
const RESAMPLES = 1_000;

/** What each row adds to the sums, so that a resample is one pass. */
interface Terms {
  readonly weight: Float64Array;
  /** weight · w */
  readonly importance: Float64Array;
  /** weight · w · r */
  readonly earned: Float64Array;
  readonly target: Float64Array;
  readonly incumbent: Float64Array;
}

/** Every estimate with its interval; NaN where no row says anything. Throws a RangeError for a row that cannot be. */
export function estimatePolicies(
  rows: readonly OffPolicyRow[],
  { confidence, seed, clip = DEFAULT_CLIP, resamples = RESAMPLES }: Estimation,
): OffPolicyEstimate {
  for (const row of rows) requirePossible(row);
  const terms = termsOf(rows, clip);
  const found = bootstrap((counts) => ({ ...policyValues(terms, counts) }), {
    groups: rows.map(({ cluster }) => cluster),
    resamples,
    random: randomFrom(seed),
    confidence,
  });
  return {
    rows: rows.length,
    ips: found["ips"]!,
    snips: found["snips"]!,
    dr: found["dr"]!,
    incumbent: found["incumbent"]!,
    difference: found["difference"]!,
    effectiveSampleSize: effectiveSize(terms.importance),
    unsupported: unsupportedShare(rows),
    clipped: rows.filter((row) => importanceOf(row.target, row, Infinity) > clip).length,
  };
}

/** The same for each slice alone, by its name. */
export function bySlice(
  rows: readonly OffPolicyRow[],
  estimation: Estimation,
): ReadonlyMap<string, OffPolicyEstimate> {
  const slices = Map.groupBy(rows, ({ slice }) => slice);
  return new Map([...slices].map(([slice, own]) => [slice, estimatePolicies(own, estimation)]));
}

function termsOf(rows: readonly OffPolicyRow[], clip: number): Terms {
  const terms = {
    weight: new Float64Array(rows.length),
    importance: new Float64Array(rows.length),
    earned: new Float64Array(rows.length),
    target: new Float64Array(rows.length),
    incumbent: new Float64Array(rows.length),
  };
  rows.forEach((row, i) => {
    const { reward, weight, predicted } = row;
    const error = reward - predicted.logged;
    const importance = importanceOf(row.target, row, clip);
    terms.weight[i] = weight;
    terms.importance[i] = weight * importance;
    terms.earned[i] = weight * importance * reward;
    terms.target[i] = weight * (predicted.target + importance * error);
    terms.incumbent[i] =
      weight * (predicted.incumbent + importanceOf(row.incumbent, row, clip) * error);
  });
  return terms;
}

function importanceOf(probability: number, { propensity }: OffPolicyRow, clip: number): number {
  return propensity > 0 ? Math.min(probability / propensity, clip) : 0;
}

function policyValues(
  { weight, importance, earned, target, incumbent }: Terms,
  counts: Float64Array,
) {
  let [weights, importances, earnings, targets, incumbents] = [0, 0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    weights += count * weight[i]!;
    importances += count * importance[i]!;
    earnings += count * earned[i]!;
    targets += count * target[i]!;
    incumbents += count * incumbent[i]!;
  }
  return {
    ips: earnings / weights,
    snips: earnings / importances,
    dr: targets / weights,
    incumbent: incumbents / weights,
    difference: (targets - incumbents) / weights,
  };
}

function effectiveSize(importance: Float64Array): number {
  const sum = importance.reduce((total, one) => total + one, 0);
  const squares = importance.reduce((total, one) => total + one * one, 0);
  return squares === 0 ? 0 : (sum * sum) / squares;
}

/** A logged action without a propensity is at least its own part of the target. */
function unsupportedShare(rows: readonly OffPolicyRow[]): number {
  let [lost, all] = [0, 0];
  for (const { weight, propensity, target, unsupported } of rows) {
    lost += weight * Math.max(unsupported, propensity > 0 ? 0 : target);
    all += weight;
  }
  return lost / all;
}

function requirePossible(row: OffPolicyRow): void {
  const { reward, weight, propensity, target, incumbent, unsupported } = row;
  for (const part of [reward, propensity, target, incumbent, unsupported])
    if (!(part >= 0 && part <= 1))
      throw new RangeError(`Cannot estimate from a row of ${part}: not within 0 and 1`);
  if (!(weight > 0 && weight < Infinity))
    throw new RangeError(`Cannot estimate from a row that weighs ${weight}`);
}
