/** The fit against cases with a known minimum, and against the gradient, which must vanish at it. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { diagonal, fitPenalised, type Cell } from "../../../scripts/training/penalised-logistic.ts";

const number = fc.double({ min: -2, max: 2, noNaN: true });
const cell: fc.Arbitrary<Cell> = fc
  .record({
    trials: fc.double({ min: 0, max: 20, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    offset: number,
    design: fc.tuple(number, number),
  })
  .map(({ trials, share, ...rest }) => ({ ...rest, trials, successes: share * trials }));

describe("fitPenalised", () => {
  it("finds the logit of a share where nothing pulls", ({ expect }) => {
    const cells = [{ trials: 8, successes: 6, offset: 0, design: [1] }];
    expect(fitPenalised(cells, diagonal([1e-9]), [0])[0]).toBeCloseTo(Math.log(3), 4);
  });

  it("counts an offset as known", ({ expect }) => {
    const cells = [{ trials: 8, successes: 6, offset: 1, design: [1] }];
    expect(fitPenalised(cells, diagonal([1e-9]), [0])[0]).toBeCloseTo(Math.log(3) - 1, 4);
  });

  it("stays at 0 where there are no outcomes", ({ expect }) => {
    for (const x of fitPenalised([], diagonal([1, 2]), [0.3, -0.2])) expect(x).toBeCloseTo(0, 12);
  });

  it("ends where the penalised loss is flat, for any outcomes", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 10 }), (cells) => {
        const x = fitPenalised(cells, diagonal([1, 0.5]), [0, 0]);
        const slope = [x[0]!, 0.5 * x[1]!];
        for (const { trials, successes, offset, design } of cells) {
          const p = 1 / (1 + Math.exp(-(offset + design[0]! * x[0]! + design[1]! * x[1]!)));
          slope.forEach((_, i) => (slope[i]! += (trials * p - successes) * design[i]!));
        }
        for (const s of slope) expect(Math.abs(s)).toBeLessThan(0.1);
      }),
    );
  });
});
