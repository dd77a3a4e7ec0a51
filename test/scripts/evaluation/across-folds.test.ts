/**
 * What folds hold of different scales must not matter, and what they hold of their own rows must.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { acrossFolds } from "../../../scripts/evaluation/across-folds.ts";
import type { Estimator } from "../../../scripts/evaluation/controls.ts";
import { outcomeRow } from "./outcome-rows.ts";

const PAIR = ["large", "small"] as const;

/** One that holds `leadOf(row)` of the first model, and nothing of the other. */
function holding(leadOf: (id: string) => number): Estimator {
  return {
    quality: (row, model) => (model === "large" ? leadOf(row.id) : 0),
    costUsd: () => 1,
  };
}

function parity({ id }: { readonly id: string }): number {
  return Number(id) % 2;
}

describe("acrossFolds", () => {
  it("answers as the fold of the row, and ranks it among the rows of its fold", ({ expect }) => {
    const rows = ["2", "4", "6", "11", "13", "15"].map((id) =>
      outcomeRow({ id, scores: { large: 1 } }),
    );
    // The second fold is as sure of the order and holds everything to be worth less.
    const folds = [holding(Number), holding((id) => Number(id) - 20)];
    const together = acrossFolds(folds, rows, parity);
    expect(rows.map((row) => together.quality(row, "large"))).toEqual([2, 4, 6, -9, -7, -5]);
    const leads = rows.map((row) => together.lead!(row, PAIR));
    expect(leads.slice(3)).toEqual(leads.slice(0, 3));
    expect(leads.slice(0, 3)).toEqual(leads.slice(0, 3).toSorted((a, b) => a - b));
    // A twin is ranked among the rows that stand for their folds.
    const twin = outcomeRow({ id: "11", scores: {} });
    expect(together.lead!(twin, PAIR)).toBe(leads[3]);
  });

  it("makes a coin of folds that know nothing but a mean", ({ expect }) => {
    const rows = Array.from({ length: 10 }, (_, i) =>
      outcomeRow({ id: `${i}`, scores: { large: i % 2 } }),
    );
    // Each fold holds what it has learnt from the other one, which is the opposite of what is so.
    const folds = [holding(() => 1), holding(() => 0)];
    const together = acrossFolds(folds, rows, parity);
    expect(new Set(rows.map((row) => together.lead!(row, PAIR)))).toHaveLength(1);
  });

  it("changes nothing where there is one fold, and no order within a fold", ({ expect }) => {
    const leads = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(leads, fc.integer({ min: 1, max: 5 }), (given, folds) => {
        const rows = given.map((_, i) => outcomeRow({ id: `${i}`, scores: {} }));
        const own = holding((id) => given[Number(id)]!);
        const alone = acrossFolds([own], rows, () => 0);
        expect(rows.map((row) => alone.lead!(row, PAIR))).toEqual(given);

        const together = acrossFolds(Array(folds).fill(own), rows, ({ id }) => Number(id) % folds);
        const values = rows.map((row) => together.lead!(row, PAIR));
        for (let i = folds; i < given.length; i++) {
          const [before, after] = [given[i - folds]!, given[i]!];
          const order = Math.sign(values[i]! - values[i - folds]!);
          expect([0, Math.sign(after - before)]).toContain(order);
        }
      }),
    );
  });
});
