/** What a tenant's traffic teaches: what is there to be learnt, whatever the order, and nothing of silence. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  learnLifts,
  liftsAt,
  liftTableSchema,
  MAX_LIFT,
  type LiftOutcome,
} from "../../../../worker/learning/lifts/lift-table.ts";

const WEIGHTS = "1.0.0@0123456789ab";

function outcome(more: Partial<LiftOutcome>): LiftOutcome {
  return {
    weights: WEIGHTS,
    demand: Float32Array.of(0, 0),
    model: "a/a",
    score: 0.8,
    reward: { value: 0.8, weight: 1 },
    ...more,
  };
}

function at(table: ReturnType<typeof learnLifts>, ...demand: number[]) {
  return liftsAt(table, { weights: WEIGHTS, demand });
}

describe("lifts", () => {
  it("are what answers were better or worse than predicted, where they were", ({ expect }) => {
    const rows = Array.from({ length: 2_000 }, (_, i) => {
      const side = i % 2 === 0 ? 1 : -1; // Bad on one kind of prompt alone.
      return outcome({
        demand: Float32Array.of(side, 0),
        reward: { value: side === 1 ? 0.4 : 0.8, weight: 1 },
      });
    });
    const table = learnLifts(rows);
    expect(at(table, 1, 0).get("a/a")).toBeCloseTo(-0.4, 1);
    expect(at(table, -1, 0).get("a/a")).toBeCloseTo(0, 1);
    expect(at(table, 1, 0).has("b/b")).toBe(false);
  });

  it("of few outcomes are small, and of faint ones smaller", ({ expect }) => {
    const bad = { value: 0, weight: 1 };
    const few = at(learnLifts([outcome({ reward: bad })]), 0, 0).get("a/a")!;
    const faint = at(learnLifts([outcome({ reward: { ...bad, weight: 0.1 } })]), 0, 0).get("a/a")!;
    expect(few).toBeLessThan(0);
    expect(few).toBeGreaterThan(-0.1);
    expect(faint).toBeLessThan(0);
    expect(faint).toBeGreaterThan(few);
  });

  it("count a reward of weight 2 as two outcomes", ({ expect }) => {
    const once = outcome({ reward: { value: 0.1, weight: 1 }, demand: Float32Array.of(1, -2) });
    const twice = learnLifts([{ ...once, reward: { value: 0.1, weight: 2 } }]);
    const two = learnLifts([once, once]);
    expect(twice[WEIGHTS]!["a/a"]).toEqual(two[WEIGHTS]!["a/a"]!.map((x) => expect.closeTo(x, 9)));
  });

  it("do not depend on the order, stay within bounds, and survive JSON", ({ expect }) => {
    const outcomes = fc.array(
      fc.record({
        weights: fc.constantFrom(WEIGHTS, "2@x"),
        demand: fc
          .tuple(
            fc.float({ min: -5, max: 5, noNaN: true }),
            fc.float({ min: -5, max: 5, noNaN: true }),
          )
          .map((pair) => Float32Array.from(pair)),
        model: fc.constantFrom("a/a", "b/b"),
        score: fc.double({ min: 0, max: 1, noNaN: true }),
        reward: fc.record({
          value: fc.double({ min: 0, max: 1, noNaN: true }),
          weight: fc.double({ min: 0.1, max: 2, noNaN: true }),
        }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(outcomes, (rows) => {
        const table = learnLifts(rows);
        const turned = at(learnLifts(rows.toReversed()), 3, -4);
        const text = JSON.stringify(table); // To which −0 is 0.
        expect(JSON.stringify(liftTableSchema.parse(JSON.parse(text)))).toBe(text);
        for (const [model, lift] of at(table, 3, -4)) {
          expect(Math.abs(lift)).toBeLessThanOrEqual(MAX_LIFT);
          expect(turned.get(model)).toBeCloseTo(lift, 6);
        }
      }),
    );
  });

  it("of one release say nothing under another", ({ expect }) => {
    const table = learnLifts([outcome({ reward: { value: 0, weight: 1 } })]);
    expect(liftsAt(table, { weights: "2@x", demand: [0, 0] }).size).toBe(0);
    expect(liftsAt(table, { weights: WEIGHTS, demand: [0, 0, 0] }).size).toBe(0);
  });
});
