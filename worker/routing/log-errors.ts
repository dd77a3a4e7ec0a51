/**
 * A memory of errors: how far calls fell from what was expected of them, as a histogram of the logarithms
 * that forgets.
 *
 * Quantiles are read from one distribution, so they are ordered always. A wide doubt is added to every
 * reading, which counts as a few calls and fades as calls come, so a fresh memory has quantiles too. An
 * absurd error lands in the last bin and moves them by one call's weight.
 *
 * Pure: plain numbers, as many as there are bins.
 */

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
}

/** After so many further calls the weight of a call has fallen to 37 %. */
export const MEMORY_CALLS = 100;
/** What a call leaves of the weight of those before it. */
export const FORGET = 1 - 1 / MEMORY_CALLS;

/** Bins of log error: 84, from a 66th of what was expected to 66 times as much; the ends hold what lies beyond. */
const BIN = 0.1;
const BINS = 84;
const LOWEST = (-BIN * BINS) / 2;
/** Fewer calls than this in a bin are none. */
const NEGLIGIBLE = 1e-3;
/** The doubt about a catalogue's figure: a normal of this deviation, which counts as so many calls. */
const DOUBT = priorDoubt({ deviation: 0.5, calls: 5 });

/** A memory of nothing. */
export const NO_ERRORS: readonly number[] = Array.from({ length: BINS }, () => 0);

/** The memory after one more error, a natural logarithm. */
export function withLogError(errors: readonly number[], error: number): number[] {
  const faint = faded(errors, FORGET);
  faint[Math.min(Math.max(Math.floor((error - LOWEST) / BIN), 0), BINS - 1)]! += 1;
  return faint;
}

/** The memory of which a share is left, 0..1. */
export function faded(errors: readonly number[], share: number): number[] {
  return errors.map((calls) => (calls * share < NEGLIGIBLE ? 0 : calls * share));
}

/** Quantiles of the errors, as factors of what was expected. @param share What is left of the memory, 0..1. */
export function quantilesOf(errors: readonly number[], share: number): Quantiles {
  let total = 0;
  for (let bin = 0; bin < BINS; bin++) total += errors[bin]! * share + DOUBT[bin]!;
  let bin = 0;
  let below = 0;
  function at(q: number): number {
    let calls = errors[bin]! * share + DOUBT[bin]!;
    while (bin < BINS - 1 && below + calls < q * total) {
      below += calls;
      bin++;
      calls = errors[bin]! * share + DOUBT[bin]!;
    }
    const within = Math.min((q * total - below) / calls, 1);
    return Math.exp(LOWEST + BIN * (bin + within));
  }
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95) };
}

function priorDoubt({ deviation, calls }: { deviation: number; calls: number }): readonly number[] {
  const density = Array.from({ length: BINS }, (_, i) =>
    Math.exp(-0.5 * ((LOWEST + BIN * (i + 0.5)) / deviation) ** 2),
  );
  const total = density.reduce((sum, value) => sum + value, 0);
  return density.map((value) => (calls * value) / total);
}
