/** Which prompts are asked first: those that tell the most about what the traffic asks for. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Place } from "../../../router-models/placement.ts";
import type { Demand } from "../../../scripts/onboarding/demand.ts";
import { informationOf, narrowed, logitOn } from "../../../scripts/onboarding/probes.ts";
import { suggestProbes } from "../../../scripts/onboarding/suggest.ts";
import { normalFrom, randomFrom } from "../../../worker/lib/prng.ts";

const PLACE: Place = {
  mean: [0, 0, 0],
  covariance: Float64Array.of(0.5, 0, 0, 0, 1, 0, 0, 0, 1),
};

function promptsOf(seed: number, count: number): Demand[] {
  const normal = normalFrom(randomFrom(seed));
  return Array.from({ length: count }, () => ({
    demand: Float64Array.of(1, normal(), normal()),
    difficulty: normal(),
  }));
}

/** Mean variance of the logits on the prompts, once the chosen ones are known. */
function doubtAfter(prompts: readonly Demand[], chosen: readonly number[]): number {
  let { covariance } = PLACE;
  for (const at of chosen)
    covariance = narrowed(covariance, prompts[at]!.demand, informationOf(PLACE, prompts[at]!));
  const place = { ...PLACE, covariance };
  return prompts.reduce((sum, prompt) => sum + logitOn(place, prompt).deviation ** 2, 0);
}

describe("suggestProbes", () => {
  it("takes each time the prompt after which the traffic is the least in doubt", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 8 }), (seed, count) => {
        const prompts = promptsOf(seed, count);
        const chosen = suggestProbes(PLACE, prompts, 2);
        const first = chosen.slice(0, 1);
        const rest = [...prompts.keys()].filter((at) => at !== first[0]);
        for (const at of prompts.keys())
          expect(doubtAfter(prompts, first)).toBeLessThanOrEqual(doubtAfter(prompts, [at]) + 1e-9);
        for (const at of rest)
          expect(doubtAfter(prompts, chosen)).toBeLessThanOrEqual(
            doubtAfter(prompts, [...first, at]) + 1e-9,
          );
      }),
    );
  });

  it("asks nothing twice, and no more than there is", ({ expect }) => {
    const prompts = promptsOf(1, 6);
    expect(new Set(suggestProbes(PLACE, prompts, 99))).toEqual(new Set(prompts.keys()));
    expect(suggestProbes(PLACE, prompts, 99)).toHaveLength(6);
    expect(suggestProbes(PLACE, prompts, 3)).toEqual(suggestProbes(PLACE, prompts, 99).slice(0, 3));
    expect(suggestProbes(PLACE, [], 3)).toEqual([]);
  });

  it("leaves a prompt alone that everybody fails", ({ expect }) => {
    const [one] = promptsOf(2, 1);
    const hopeless = { ...one!, difficulty: 30 };
    expect(suggestProbes(PLACE, [hopeless, one!], 1)).toEqual([1]);
  });
});
