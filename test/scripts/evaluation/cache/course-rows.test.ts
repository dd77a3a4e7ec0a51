/** Orders summed up: two of them by hand. */
import { describe, it } from "vitest";
import {
  courseRows,
  dealt,
  drawn,
  requestsOf,
} from "../../../../scripts/evaluation/cache/course-rows.ts";
import type { Arrival } from "../../../../scripts/evaluation/cache/requests.ts";
import { ALWAYS, thresholdRule } from "../../../../scripts/evaluation/cache/rules.ts";

function arrivals(right: number, wrong: number): Arrival[] {
  return Array.from({ length: right + wrong }, (_, k) => ({
    similarity: 0.9,
    entry: k,
    isRight: k < right,
    isLabelled: true,
    isRefused: false,
    isAnswerable: k < right,
  }));
}

const TERMS = { budget: 0.25, orders: 2, seed: 7 };

describe("courseRows", () => {
  it("gives means with their least and greatest, and counts the orders beyond", ({ expect }) => {
    const orders = [arrivals(8, 2), arrivals(1, 9)];
    const gates = [
      { rule: ALWAYS, guarded: false },
      { rule: thresholdRule(0.95), guarded: true },
    ];
    const [all, none] = courseRows("made", (order) => orders[order]!, { ...TERMS, gates });
    expect(all).toEqual({
      similarity: "made",
      rule: "always",
      guarded: false,
      budget: 0.25,
      hitRate: { value: 1, low: 1, high: 1 },
      recall: { value: 1, low: 1, high: 1 },
      answerable: 0.45,
      falseShare: { value: 11 / 20, low: 0.2, high: 0.9 },
      unlabelled: 0,
      audited: 0,
      orders: 2,
      ordersBeyond: 1,
      ordersSurelyBeyond: 1, // Nine of ten at a quarter each: some 3e-5.
    });
    expect(none).toMatchObject({
      hitRate: { value: 0, low: 0, high: 0 },
      falseShare: { value: NaN },
      ordersBeyond: 0,
      ordersSurelyBeyond: 0,
    });
  });

  it("is not sure of what one hit shows", ({ expect }) => {
    const gates = [{ rule: ALWAYS, guarded: false }];
    const [row] = courseRows("made", () => arrivals(1, 1), { ...TERMS, gates });
    expect(row).toMatchObject({ ordersBeyond: 2, ordersSurelyBeyond: 0 });
  });
});

describe("requests", () => {
  const pairs = Array.from({ length: 40 }, (_, k) => ({
    a: k,
    b: k + 1,
    isEquivalent: k % 2 === 0,
    refusal: k % 3 === 0 ? ("numbers" as const) : undefined,
    group: "g",
  }));
  const requests = requestsOf({ name: "made", texts: [], pairs }, (a) => a / 40);

  it("are a set's pairs", ({ expect }) => {
    expect(requests[3]).toEqual({
      similarity: 3 / 40,
      entry: 3,
      isRight: false,
      isLabelled: true,
      isRefused: true,
      isAnswerable: false,
    });
  });

  it("are dealt once each, in an order of their own for each number", ({ expect }) => {
    const [first, again, second] = [0, 0, 1].map((order) => dealt(requests, { seed: 7, order }));
    expect(first).toEqual(again);
    expect(first).not.toEqual(second);
    expect(second!.toSorted((a, b) => a.entry - b.entry)).toEqual(requests);
  });

  it("are drawn over and over, all alike", ({ expect }) => {
    const draws = drawn(requests, { seed: 7, order: 0, count: 4_000 });
    expect(draws).toHaveLength(4_000);
    const counts = Map.groupBy(draws, ({ entry }) => entry);
    expect(counts.size).toBe(40);
    for (const [, own] of counts) {
      expect(own.length).toBeGreaterThan(50);
      expect(own.length).toBeLessThan(150);
    }
    expect(drawn(requests, { seed: 7, order: 1, count: 40 })).not.toEqual(draws.slice(0, 40));
  });
});
