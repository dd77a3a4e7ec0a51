/**
 * Which prompts to ask a new model first: greedily, each time the one whose outcome is expected to make
 * the model's logits on the traffic certain the most.
 *
 * The covariance after a probe does not depend on its score (probes.ts), so the whole list can be made
 * before anything is asked. What counts is the mean variance of the logits over the traffic, which is
 * what a router chooses by, and not the volume of the covariance: the prompts that say the most about
 * any ability at all (D-optimal) are the odd ones, about abilities that hardly anybody asks for.
 * `npm run eval -- --protocol leave-model` measures what the choice gains over drawn probes.
 *
 * Source: Chaloner and Verdinelli 1995 (Bayesian experimental design; here the criterion called A or V).
 */
import type { Place } from "../../router-models/placement.ts";
import type { Demand } from "./demand.ts";
import { dot, informationOf, narrowed, times } from "./probes.ts";

/**
 * Indices into `prompts`, the most telling first; no prompt twice. The prompts stand for the traffic as
 * well. Takes time in proportion to `count` · prompts · abilities.
 */
export function suggestProbes(place: Place, prompts: readonly Demand[], count: number): number[] {
  const traffic = secondMoment(prompts, place.mean.length);
  let { covariance } = place;
  const candidates = prompts.map((prompt, at) => {
    const pull = times(covariance, prompt.demand);
    return {
      at,
      demand: prompt.demand,
      information: informationOf(place, prompt),
      /** Variance of the logit. */
      variance: dot(prompt.demand, pull),
      /** Mean squared covariance of the logit with those of the traffic. */
      reach: dot(pull, times(traffic, pull)),
    };
  });
  const left = new Set(candidates);
  const chosen: number[] = [];
  while (chosen.length < count && left.size > 0) {
    const best = [...left].reduce((a, b) => (gainOf(b) > gainOf(a) ? b : a));
    left.delete(best);
    chosen.push(best.at);
    // What one probe changes of another's numbers follows from their covariance alone.
    const pull = times(covariance, best.demand);
    const onTraffic = times(traffic, pull);
    const echo = times(covariance, onTraffic);
    const share = best.information / (1 + best.information * best.variance);
    const square = dot(pull, onTraffic);
    for (const candidate of left) {
      const common = dot(candidate.demand, pull);
      candidate.variance -= share * common ** 2;
      candidate.reach +=
        share * common * (share * common * square - 2 * dot(candidate.demand, echo));
    }
    covariance = narrowed(covariance, best.demand, best.information);
  }
  return chosen;
}

/** By how much a probe is expected to lower the mean variance over the traffic. */
function gainOf({
  information,
  variance,
  reach,
}: {
  information: number;
  variance: number;
  reach: number;
}): number {
  return (information * reach) / (1 + information * variance);
}

/** Mean of x xᵀ, row-major. */
function secondMoment(prompts: readonly Demand[], width: number): Float64Array {
  const moment = new Float64Array(width * width);
  for (const { demand } of prompts)
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++)
        moment[i * width + j]! += (demand[i]! * demand[j]!) / prompts.length;
  return moment;
}
