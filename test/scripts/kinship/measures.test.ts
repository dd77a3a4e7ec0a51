/** Measures of likeness, against counting by hand and against every pair one by one. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { areaUnderCurve, judge, recallAt } from "../../../scripts/kinship/measures.ts";

const scores = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 });

describe("areaUnderCurve", () => {
  it("is the share of pairs in the right order, ties by half", ({ expect }) => {
    fc.assert(
      fc.property(scores, scores, (kin, strangers) => {
        let wins = 0;
        for (const a of kin) for (const b of strangers) wins += a > b ? 1 : a === b ? 0.5 : 0;
        expect(areaUnderCurve(kin, strangers)).toBeCloseTo(wins / (kin.length * strangers.length));
      }),
    );
  });
});

describe("recallAt", () => {
  it("is the best of all borders that keep the precision", ({ expect }) => {
    fc.assert(
      fc.property(scores, scores, fc.constantFrom(0.5, 0.8, 1), (kin, strangers, precision) => {
        const shares = [...kin, ...strangers].map((border) => {
          const found = kin.filter((score) => score >= border).length;
          const false_ = strangers.filter((score) => score >= border).length;
          return found / (found + false_) >= precision ? found / kin.length : 0;
        });
        expect(recallAt(precision, kin, strangers)).toBeCloseTo(Math.max(...shares));
      }),
    );
  });
});

function byFirstLetter(a: string, b: string): number {
  return a[0] === b[0] ? 1 : 0;
}

describe("judge", () => {
  const triples = [
    { text: "a1", kin: "a2", stranger: "b1" },
    { text: "c1", kin: "c2", stranger: "d1" },
  ];

  it("gives a likeness that knows all the best marks, and one that knows nothing half", ({
    expect,
  }) => {
    expect(judge(byFirstLetter, triples)).toEqual({ near: 1, far: 1, first: 1 });
    expect(judge(() => 0.3, triples)).toEqual({ near: 0.5, far: 0.5, first: 0 });
  });
});
