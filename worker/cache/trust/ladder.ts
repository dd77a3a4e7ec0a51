/**
 * The similarities at which a namespace may begin to serve: twelve steps, each √2 times as close to 1 as the one
 * below.
 *
 * They are fixed before any evidence, since thresholds that are chosen by what they are judged with judge too
 * well. Steps are narrow where similar prompts lie, and as narrow as int8 vectors can tell.
 */

const STEPS = 12;
/** 1 − similarity at which the first step begins. */
const FARTHEST = 0.32;

/** The least similarity of each step, ascending. */
export const LADDER: readonly number[] = Array.from(
  { length: STEPS },
  (_, step) => 1 - FARTHEST / 2 ** (step / 2),
);

/** The step that a pair stands on, 0 for the least similar; undefined below all of them, and for NaN. */
export function stepOf(similarity: number): number | undefined {
  const step = LADDER.findLastIndex((least) => similarity >= least);
  return step < 0 ? undefined : step;
}
