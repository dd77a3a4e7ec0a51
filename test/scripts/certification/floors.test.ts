/** From tested rows to a certificate's floors: which rows prove, which measure, and what is too few. */
import { describe, it } from "vitest";
import { certifiedStep, MARGINS } from "../../../router-models/certificate.ts";
import {
  certifyAll,
  certifySlices,
  measure,
  outcomesOf,
  splitRows,
} from "../../../scripts/certification/floors.ts";
import { testedRows } from "./made-rows.ts";

const CLAIM = { floor: 0.9, confidence: 0.9 };

describe("a certified floor", () => {
  it("is proven on three questions in four and measured on the others", ({ expect }) => {
    const rows = testedRows(2_000, 1);
    const [proving, measuring] = splitRows(rows);
    expect(proving.length + measuring.length).toBe(2_000);
    expect(measuring.length).toBeGreaterThan(400);
    expect(measuring.length).toBeLessThan(600);
    const floor = certifyAll(rows, CLAIM);
    const step = certifiedStep(outcomesOf(proving), CLAIM);
    expect(floor).toEqual({
      ...CLAIM,
      margin: MARGINS[step],
      rows: proving.length,
      measured: { rows: measuring.length, ...measure(measuring, ({ answers }) => answers[step]!) },
    });
    expect(floor.margin).toBeLessThan(0.2);
    expect(floor.measured!.keptQuality).toBeGreaterThan(0.9);
    expect(floor.measured!.referenceShare).toBeLessThan(0.9);
  });

  it("does not depend on the order of the rows", ({ expect }) => {
    const rows = testedRows(600, 2);
    expect(certifyAll(rows.toReversed(), CLAIM)).toEqual(certifyAll(rows, CLAIM));
  });

  it("is refused with the number of rows that it takes", ({ expect }) => {
    expect(() => certifyAll(testedRows(30, 3), CLAIM)).toThrow(
      /too few questions .* floor of 0\.9 at confidence 0\.9: \d+ to prove it by, at least \d+ are needed/,
    );
    expect(() => certifyAll([], CLAIM)).toThrow(/too few questions/);
    const hopeless = testedRows(500, 3).map((row) => ({ ...row, reference: 0 }));
    expect(() => certifyAll(hopeless, CLAIM)).toThrow(/no good answer among them/);
  });

  it("can be made from as many rows as the refusal names", ({ expect }) => {
    const best = testedRows(400, 4).map((row) => ({
      ...row,
      reference: 1,
      answers: row.answers.map(() => row.answers[0]!),
    }));
    const good = best.map((row) => ({
      ...row,
      answers: row.answers.map((one) => ({ ...one, quality: 1 })),
    }));
    let needed = 0;
    try {
      certifyAll(good.slice(0, 10), CLAIM);
    } catch (error) {
      needed = Number(/at least (\d+)/.exec(String(error))?.[1]);
    }
    const [proving] = splitRows(good);
    const enough = proving.slice(0, needed);
    expect(certifyAll(enough, CLAIM).margin).toBe(-1);
    expect(() => certifyAll(enough.slice(1), CLAIM)).toThrow(/too few/);
  });
});

describe("floors by slice", () => {
  it("share δ, and leave out a task that has too few rows, with the reason", ({ expect }) => {
    const math = testedRows(800, 5);
    const rows = [...math, ...testedRows(900, 6, "code"), ...testedRows(5, 7, "writing")];
    const { floors, refused } = certifySlices(rows, CLAIM);
    expect(floors.map(({ task }) => task)).toEqual(["code", "math"]);
    expect(refused).toEqual([expect.stringMatching(/^writing: too few questions/)]);
    const [proving] = splitRows(math);
    const step = certifiedStep(outcomesOf(proving), { floor: 0.9, confidence: 1 - 0.1 / 3 });
    expect(floors[1]).toMatchObject({ ...CLAIM, task: "math", margin: MARGINS[step] });
  });

  it("are refused where no task has enough", ({ expect }) => {
    expect(() => certifySlices(testedRows(5, 7), CLAIM)).toThrow(/^math: too few/);
  });
});
