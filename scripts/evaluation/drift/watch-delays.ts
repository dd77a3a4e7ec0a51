/**
 * Audits until the watch trips by itself, where no bound closes before it: what its formula is about.
 *
 * In a whole namespace only those trips are seen that come before the bound, which are the early ones.
 */
import { emptyWatch, isTripped, watchHit } from "../../../worker/cache/trust/watch.ts";
import { hashText, randomFrom, type Random } from "../../../worker/lib/prng.ts";

const RUNS = 2_000;

export interface DelayTerms {
  readonly budget: number;
  readonly seed: number;
}

/** Of each of many watches without suspicion, when a share of hits, above the budget, is wrong from now on. */
export function watchDelays(wrongShare: number, { budget, seed }: DelayTerms): number[] {
  const random = randomFrom(hashText(`delays ${seed} ${wrongShare}`));
  return Array.from({ length: RUNS }, () => auditsOf(wrongShare, budget, random));
}

function auditsOf(wrongShare: number, budget: number, random: Random): number {
  let watch = emptyWatch(budget);
  while (!isTripped(watch)) watch = watchHit(watch, random() >= wrongShare);
  return watch.audits;
}
