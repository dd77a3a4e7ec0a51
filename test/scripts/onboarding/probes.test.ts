/**
 * What probes do to a place, as laws: they narrow it, in any order, never past the prior without cause,
 * and enough of them find the row that made them.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Place } from "../../../router-models/placement.ts";
import {
  informationOf,
  logitOn,
  narrowed,
  placeByProbes,
  type Probe,
} from "../../../scripts/onboarding/probes.ts";
import { normalFrom, randomFrom, shuffle } from "../../../worker/lib/prng.ts";

const WIDTH = 4;

/** A place with a full covariance, the same for the same seed. */
function placeOf(seed: number): Place {
  const normal = normalFrom(randomFrom(seed));
  const root = Array.from({ length: WIDTH * WIDTH }, normal);
  const covariance = new Float64Array(WIDTH * WIDTH);
  for (let i = 0; i < WIDTH; i++)
    for (let j = 0; j < WIDTH; j++)
      for (let k = 0; k < WIDTH; k++)
        covariance[i * WIDTH + j]! += (root[i * WIDTH + k]! * root[j * WIDTH + k]!) / WIDTH;
  return { mean: Array.from({ length: WIDTH }, normal), covariance };
}

const anyPlace = fc.integer().map(placeOf);
const anyDemand = fc
  .array(fc.double({ min: -2, max: 2, noNaN: true }), {
    minLength: WIDTH - 1,
    maxLength: WIDTH - 1,
  })
  .map((a) => Float64Array.of(1, ...a));
const anyProbe: fc.Arbitrary<Probe> = fc.record({
  demand: anyDemand,
  difficulty: fc.double({ min: -2, max: 2, noNaN: true }),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
});
const someProbes = fc.array(anyProbe, { maxLength: 20 });

/** Probes of a model with this row, with soft scores that are exactly its probabilities. */
function probesOf(row: readonly number[], count: number, seed: number): Probe[] {
  const normal = normalFrom(randomFrom(seed));
  return Array.from({ length: count }, () => {
    const demand = Float64Array.of(1, ...Array.from({ length: WIDTH - 1 }, normal));
    const difficulty = normal();
    const z = row.reduce((sum, value, i) => sum + value * demand[i]!, -difficulty);
    return { demand, difficulty, score: 1 / (1 + Math.exp(-z)) };
  });
}

const STANDARD: Place = {
  mean: [0, 0, 0, 0],
  covariance: Float64Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 1 : 0)),
};

describe("placeByProbes", () => {
  it("leaves a place without probes as it is", ({ expect }) => {
    const place = placeOf(1);
    expect(placeByProbes(place, [])).toBe(place);
  });

  it("never widens the belief about any prompt by another probe", ({ expect }) => {
    fc.assert(
      fc.property(anyPlace, someProbes, anyProbe, (place, probes, another) => {
        const before = placeByProbes(place, probes);
        const after = placeByProbes(place, [...probes, another]);
        for (const prompt of [another, ...probes])
          expect(logitOn(after, prompt).deviation).toBeLessThanOrEqual(
            logitOn(before, prompt).deviation + 1e-6,
          );
      }),
    );
  });

  it("comes to the same place in any order", ({ expect }) => {
    fc.assert(
      fc.property(anyPlace, someProbes, fc.integer(), (place, probes, seed) => {
        const one = placeByProbes(place, probes);
        const other = placeByProbes(place, shuffle([...probes], randomFrom(seed)));
        one.mean.forEach((value, i) => expect(other.mean[i]).toBeCloseTo(value, 6));
        one.covariance.forEach((value, i) => expect(other.covariance[i]).toBeCloseTo(value, 6));
      }),
    );
  });

  it("believes the more of a model on a prompt the better it did there", ({ expect }) => {
    fc.assert(
      fc.property(anyPlace, someProbes, anyProbe, (place, probes, probe) => {
        const [low, high] = [0, 1].map(
          (score) => logitOn(placeByProbes(place, [...probes, { ...probe, score }]), probe).mean,
        );
        expect(low!).toBeLessThanOrEqual(high! + 1e-6);
      }),
    );
  });

  it("goes with few probes a part of the way only", ({ expect }) => {
    const strong = [2, 0, 0, 0];
    const biasAfter = [1, 10, 100].map(
      (count) => placeByProbes(STANDARD, probesOf(strong, count, 3)).mean[0]!,
    );
    expect(biasAfter[0]!).toBeGreaterThan(0);
    expect(biasAfter[0]!).toBeLessThan(biasAfter[1]!);
    expect(biasAfter[1]!).toBeLessThan(biasAfter[2]!);
    expect(biasAfter[2]!).toBeLessThan(2);
  });

  it("finds the row of a model that has the labels of a trained one", ({ expect }) => {
    const row = [0.7, -1.2, 0.4, 0.9];
    const { mean } = placeByProbes(placeOf(5), probesOf(row, 3000, 4));
    mean.forEach((value, i) => expect(Math.abs(value - row[i]!)).toBeLessThan(0.05));
  });

  it("answers with numbers for scores that no finite row explains", ({ expect }) => {
    fc.assert(
      fc.property(
        anyPlace,
        fc.array(anyDemand, { minLength: 1, maxLength: 50 }),
        (place, demands) => {
          const wonAll = demands.map((demand) => ({ demand, difficulty: -20, score: 0 }));
          const { mean } = placeByProbes(place, wonAll);
          expect(mean.every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it("keeps a direction certain that was certain", ({ expect }) => {
    const covariance = Float64Array.from(STANDARD.covariance);
    covariance[0] = 0;
    const { mean } = placeByProbes(
      { mean: [0.5, 0, 0, 0], covariance },
      probesOf([2, 1, 0, 0], 40, 6),
    );
    expect(mean[0]).toBe(0.5);
    expect(mean[1]).toBeGreaterThan(0.3);
  });
});

describe("informationOf", () => {
  it("is what an outcome tells on average over the belief", ({ expect }) => {
    const place = placeOf(7);
    const [prompt] = probesOf([0, 0, 0, 0], 1, 8);
    const { mean, deviation } = logitOn(place, prompt!);
    const normal = normalFrom(randomFrom(9));
    let sum = 0;
    for (let n = 0; n < 20_000; n++) {
      const p = 1 / (1 + Math.exp(-(mean + deviation * normal())));
      sum += (p * (1 - p)) / 20_000;
    }
    expect(informationOf(place, prompt!)).toBeCloseTo(sum, 2);
  });
});

describe("narrowed", () => {
  it("adds the precisions along one direction", ({ expect }) => {
    const after = narrowed(STANDARD.covariance, Float64Array.of(1, 0, 0, 0), 3);
    expect(Array.from(after.slice(0, 2))).toEqual([1 / 4, 0]);
    expect(after[5]).toBe(1);
  });
});
