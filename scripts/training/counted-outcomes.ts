/**
 * Outcomes counted by prototype and model: how often, in shares, a model was asked near a prototype, and
 * how much of that was good. The families of prototypes never look at single rows again.
 */
import type { Example } from "./examples.ts";

/** Shares below this belong to nobody: counting them takes most of the time and moves nothing. */
const LEAST_SHARE = 1e-3;

export interface CountedOutcomes {
  readonly prototypes: number;
  readonly models: number;
  /** [prototypes, models] */
  readonly trials: Float64Array;
  readonly successes: Float64Array;
}

/** `shares` is [examples, prototypes]. */
export function countOutcomes(
  examples: readonly Example[],
  shares: Float32Array,
  models: number,
): CountedOutcomes {
  const prototypes = shares.length / Math.max(examples.length, 1);
  const trials = new Float64Array(prototypes * models);
  const successes = new Float64Array(prototypes * models);
  examples.forEach(({ scores }, r) => {
    for (let j = 0; j < prototypes; j++) {
      const share = shares[r * prototypes + j]!;
      if (share < LEAST_SHARE) continue;
      for (const [m, score] of scores) {
        trials[j * models + m]! += share;
        successes[j * models + m]! += share * score;
      }
    }
  });
  return { prototypes, models, trials, successes };
}
