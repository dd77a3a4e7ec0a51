/** Seeded randomness: repeatable, evenly spread, and a shuffle that loses nothing. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { normalFrom, randomFrom, shuffle } from "../../../worker/lib/prng.ts";

function draws(random: () => number, count: number): number[] {
  return Array.from({ length: count }, random);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

describe("randomFrom", () => {
  it("repeats itself for a seed, and only for that", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const first = draws(randomFrom(seed), 20);
        expect(draws(randomFrom(seed), 20)).toEqual(first);
        expect(draws(randomFrom(seed + 1), 20)).not.toEqual(first);
        expect(first.every((x) => x >= 0 && x < 1)).toBe(true);
      }),
    );
  });

  it("fills the unit interval evenly", ({ expect }) => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const x of draws(randomFrom(1), 50_000)) counts[Math.floor(10 * x)]!++;
    for (const count of counts) expect(Math.abs(count - 5_000)).toBeLessThan(350);
  });
});

describe("normalFrom", () => {
  it("has mean 0, deviation 1 and no infinity", ({ expect }) => {
    const values = draws(normalFrom(randomFrom(1)), 50_000);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(mean(values.map((x) => x * x))).toBeCloseTo(1, 1);
  });
});

describe("shuffle", () => {
  it("keeps every item, in place", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const copy = [...items];
        expect(shuffle(copy, randomFrom(seed))).toBe(copy);
        expect(copy.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
      }),
    );
  });

  it("takes each item to each place about as often", ({ expect }) => {
    const random = randomFrom(3);
    const firsts = Array.from({ length: 4 }, () => 0);
    for (let i = 0; i < 8_000; i++) firsts[shuffle([0, 1, 2, 3], random)[0]!]!++;
    for (const count of firsts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });
});
