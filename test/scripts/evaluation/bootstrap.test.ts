/**
 * Intervals where theory knows the answer: a mean's standard error, a difference that is constant, and
 * copies of a question, which must not pass for more evidence.
 */
import { describe, it } from "vitest";
import { bootstrap } from "../../../scripts/evaluation/bootstrap.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

const LABELS = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));

function meanOf(values: readonly number[], counts: Float64Array): number {
  const n = counts.reduce((sum, count) => sum + count, 0);
  return values.reduce((sum, value, i) => sum + counts[i]! * value, 0) / n;
}

function sampling(groups: readonly string[], seed = 1) {
  return { groups, resamples: 1_000, random: randomFrom(seed) };
}

describe("bootstrap", () => {
  const questions = LABELS.map((_, i) => `q${i}`);

  it("gives a mean the interval of its standard error", ({ expect }) => {
    const { mean } = bootstrap((counts) => ({ mean: meanOf(LABELS, counts) }), sampling(questions));
    const error = Math.sqrt((0.25 * 0.75) / 400);
    expect(mean!.value).toBe(0.25);
    expect(mean!.low).toBeCloseTo(0.25 - 1.96 * error, 2);
    expect(mean!.high).toBeCloseTo(0.25 + 1.96 * error, 2);
  });

  it("pairs what comes from one call: a constant difference has no width", ({ expect }) => {
    const better = LABELS.map((label) => label + 0.1);
    const { gap } = bootstrap(
      (counts) => ({ gap: meanOf(better, counts) - meanOf(LABELS, counts) }),
      sampling(questions),
    );
    expect(gap!.low).toBeCloseTo(0.1, 12);
    expect(gap!.high).toBeCloseTo(0.1, 12);
  });

  it("draws rows of one question together: four copies make no narrower interval", ({ expect }) => {
    const copies = LABELS.flatMap((label) => [label, label, label, label]);
    const groups = copies.map((_, i) => `q${Math.floor(i / 4)}`);
    const single = bootstrap((c) => ({ mean: meanOf(LABELS, c) }), sampling(questions));
    const copied = bootstrap((c) => ({ mean: meanOf(copies, c) }), sampling(groups));
    expect(copied["mean"]!.low).toBeCloseTo(single["mean"]!.low, 12);
    expect(copied["mean"]!.high).toBeCloseTo(single["mean"]!.high, 12);
  });

  it("repeats itself for a seed and not for another", ({ expect }) => {
    const [first, again, other] = [3, 3, 4].map((seed) =>
      bootstrap((c) => ({ mean: meanOf(LABELS, c) }), sampling(questions, seed)),
    );
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
  });

  it("leaves undefined resamples out, and gives up where they are most", ({ expect }) => {
    let calls = 0;
    const { rare, usual } = bootstrap(
      () => ({ rare: ++calls % 4 === 1 ? 1 : NaN, usual: calls % 4 === 1 ? NaN : 2 }),
      sampling(questions),
    );
    expect(rare).toEqual({ value: 1, low: NaN, high: NaN });
    expect(usual).toEqual({ value: NaN, low: 2, high: 2 });
  });

  it("has nothing to say about no rows", ({ expect }) => {
    const { mean } = bootstrap((counts) => ({ mean: meanOf([], counts) }), sampling([]));
    expect(mean).toEqual({ value: NaN, low: NaN, high: NaN });
  });
});
