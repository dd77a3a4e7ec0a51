/**
 * The bandit's state and its draws: laws that hold for every state and every set of options, and a
 * regression small enough to solve by hand.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  choose,
  estimate,
  initialBandit,
  meanOf,
  update,
  type Exploration,
  type Option,
  type Outcome,
} from "../../../router-models/families/bandit.ts";

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const outcome: fc.Arbitrary<Outcome> = fc.record({
  context: fc.tuple(fc.constant(1), fc.double({ min: -3, max: 3, noNaN: true })),
  model: fc.constantFrom("a", "b"),
  reward: fc.double({ min: 0, max: 1, noNaN: true }),
});
const options: fc.Arbitrary<Option[]> = fc
  .array(fc.record({ value: unit, costUsd: unit }), { minLength: 1, maxLength: 8 })
  .map((list) => list.map((option, i) => ({ ...option, model: `m${i}` })));
const rules: fc.Arbitrary<Exploration> = fc.record({
  sharpness: fc.double({ min: 0, max: 1e4, noNaN: true }),
  floor: fc.double({ min: 0, max: 0.1, noNaN: true }),
  maxCostUsd: unit,
});

function replay(outcomes: readonly Outcome[]) {
  return outcomes.reduce(update, initialBandit([0.5, 0], 2));
}

describe("the state", () => {
  it("is the ridge regression of what came in", ({ expect }) => {
    const contexts = [
      [1, 1],
      [1, -1],
    ];
    const state = replay(contexts.map((context, i) => ({ context, model: "a", reward: 1 - i })));
    // A = 2I + [[2, 0], [0, 2]], b = 2 · [0.5, 0] + [1, 1].
    const mean = meanOf(state.arms.get("a")!);
    expect(mean[0]).toBeCloseTo(0.5, 12);
    expect(mean[1]).toBeCloseTo(0.25, 12);
    const { mean: expected, deviation } = estimate(state, { context: [1, 1], model: "a" });
    expect(expected).toBeCloseTo(0.75, 12);
    expect(deviation).toBeCloseTo(Math.sqrt(0.5), 12);
  });

  it("knows of an unseen model what the prior says", ({ expect }) => {
    const { mean } = estimate(replay([]), { context: [1, 2], model: "new" });
    expect(mean).toBeCloseTo(0.5, 12);
  });

  it("does not depend on the order of outcomes", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 12 }), (outcomes) => {
        const [one, two] = [replay(outcomes), replay(outcomes.toReversed())];
        for (const [model, arm] of one.arms)
          meanOf(arm).forEach((x, i) => expect(x).toBeCloseTo(meanOf(two.arms.get(model)!)[i]!, 8));
      }),
    );
  });

  it("is never changed, and never less certain for one more outcome", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 8 }), outcome, (outcomes, next) => {
        const before = replay(outcomes);
        const copy = structuredClone(before);
        const after = update(before, next);
        expect(before).toEqual(copy);
        const asked = { context: [1, 0.7], model: next.model };
        expect(estimate(after, asked).deviation).toBeLessThanOrEqual(
          estimate(before, asked).deviation + 1e-12,
        );
        expect(after.arms.get(next.model)!.outcomes).toBe(
          (before.arms.get(next.model)?.outcomes ?? 0) + 1,
        );
      }),
    );
  });

  it("refuses a context of another width", ({ expect }) => {
    expect(() => update(replay([]), { context: [1], model: "a", reward: 1 })).toThrow(
      "context of 1 numbers, not 2",
    );
  });
});

describe("choose", () => {
  it("draws by propensities that sum to 1, keep the floor and leave out what is too dear", ({
    expect,
  }) => {
    fc.assert(
      fc.property(options, rules, unit, (list, how, u) => {
        const { model, propensities } = choose(list, how, u);
        expect(propensities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        const cheapest = Math.min(...list.map(({ costUsd }) => costUsd));
        const isOpen = list.map(({ costUsd }) => costUsd <= Math.max(how.maxCostUsd, cheapest));
        const least = Math.min(how.floor, 1 / isOpen.filter(Boolean).length);
        propensities.forEach((p, i) => {
          if (isOpen[i]) expect(p).toBeGreaterThanOrEqual(least - 1e-12);
          else expect(p).toBe(0);
        });
        expect(propensities[list.findIndex((option) => option.model === model)]).toBeGreaterThan(0);
      }),
    );
  });

  it("never draws a worse option more often than a better one", ({ expect }) => {
    fc.assert(
      fc.property(options, rules, (list, how) => {
        const { propensities } = choose(list, { ...how, maxCostUsd: 1 }, 0);
        list.forEach((a, i) =>
          list.forEach((b, j) => {
            if (a.value > b.value)
              expect(propensities[i]!).toBeGreaterThanOrEqual(propensities[j]! - 1e-12);
          }),
        );
      }),
    );
  });

  it("draws each option as often as its propensity says", ({ expect }) => {
    const list = [0.9, 0.5, 0.1].map((value, i) => ({ model: `m${i}`, value, costUsd: 0 }));
    const how = { sharpness: 10, floor: 0.05, maxCostUsd: 1 };
    const counts = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const { model } = choose(list, how, i / 10_000);
      counts.set(model, (counts.get(model) ?? 0) + 1);
    }
    const { propensities } = choose(list, how, 0);
    list.forEach(({ model }, i) =>
      expect(counts.get(model)! / 10_000).toBeCloseTo(propensities[i]!, 3),
    );
    // By hand: 1/(3 + 10 · 0.4) and 1/(3 + 10 · 0.8), mixed with the floor.
    expect(propensities[1]).toBeCloseTo(0.05 + 0.85 / 7, 12);
    expect(propensities[2]).toBeCloseTo(0.05 + 0.85 / 11, 12);
  });

  it("takes the cheapest where all are too dear, and refuses an empty choice", ({ expect }) => {
    const list = [
      { model: "dear", value: 1, costUsd: 3 },
      { model: "cheap", value: 0, costUsd: 2 },
    ];
    const how = { sharpness: 1, floor: 0.1, maxCostUsd: 1 };
    expect(choose(list, how, 0.99)).toEqual({ model: "cheap", propensities: [0, 1] });
    expect(() => choose([], how, 0)).toThrow("among no models");
  });
});
