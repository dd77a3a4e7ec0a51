/**
 * Whether answers are right again after a time when they were not: then what is remembered of that time stands in
 * the way.
 *
 * Where a share r of a step was wrong before, n right ones in a row are unlikely by now: −log of their probability
 * is about r · n, and at any moment of steady traffic that is near 1. So from the top downwards these are summed over
 * the steps, and where the sum is far beyond the number of steps, something has changed for the better. Whoever
 * serves nothing then loses nothing by beginning anew. Of steady traffic one namespace in two hundred is taken for
 * such a change within 16,000 audits, in a simulation.
 *
 * It proves nothing, and need not: it only says when to forget, and what follows pays for itself (`deltaOf`).
 */
import type { Tally } from "./evidence.ts";

/** Right audits that every step is thought to have seen before: an early wrong one is no time of wrong ones. */
const CREDIT = 200;
/** Deviations, and how much more, by which a sum must exceed its mean. */
const DEVIATIONS = 4;
const MARGIN = 8;

/** @param tallies From the loosest step to the strictest. */
export function hasRecovered(tallies: readonly Tally[]): boolean {
  let [sum, steps] = [0, 0];
  return tallies.toReversed().some(({ audits, wrong, streak }) => {
    if (wrong === 0) return false;
    steps++;
    sum += (streak * wrong) / (audits - streak + CREDIT);
    return sum > steps + DEVIATIONS * Math.sqrt(steps) + MARGIN;
  });
}
