/** Runs of a drift, held against what every run must be. */
import { describe, it } from "vitest";
import { driftRows } from "../../../../scripts/evaluation/drift/drift-rows.ts";
import {
  BIN,
  CHANGED,
  COURSE,
  driftedNamespace,
  type Drifted,
} from "../../../../scripts/evaluation/drift/drift-runs.ts";

const TERMS = { budget: 0.01, seed: 7 };
const SOME = [0, 1, 2].map((run) => driftedNamespace(run, TERMS));
const SERVING: readonly Drifted[] = SOME.filter((one) => one !== undefined);
const [CHANGE, MENDED] = [COURSE.before / BIN, (COURSE.before + COURSE.changed) / BIN];

function sum(values: Uint32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

describe("a namespace whose answers change", () => {
  it("has one life before, and is the same when it is played again", ({ expect }) => {
    expect(SERVING.length).toBeGreaterThan(0);
    for (const { runs, untilOpen } of SERVING) {
      expect(runs).toHaveLength(CHANGED.length);
      const early = runs.map(({ bins }) => bins.hits.slice(0, CHANGE));
      for (const hits of early) expect(hits).toEqual(early[0]);
      expect(early[0]!.findIndex((hits) => hits > 0)).toBe(Math.floor(untilOpen / BIN));
    }
    expect(driftedNamespace(0, TERMS)).toEqual(SOME[0]);
  });

  it("counts meanwhile what its bins say", ({ expect }) => {
    for (const { wrong, untilLast, bins } of SERVING.flatMap(({ runs }) => runs)) {
      expect(sum(bins.wrong.slice(CHANGE, MENDED))).toBe(wrong);
      if (untilLast !== undefined)
        expect(sum(bins.hits.slice(CHANGE, MENDED))).toBe(untilLast.hits);
    }
  });

  it("serves no more where all is wrong, after very few audits", ({ expect }) => {
    for (const { runs } of SERVING) {
      const { untilLast, wrong } = runs.at(-1)!;
      expect(untilLast!.audits).toBeLessThanOrEqual(3);
      expect(wrong).toBe(untilLast!.hits);
    }
  });
});

describe("the rows", () => {
  const rows = driftRows(SERVING, TERMS);

  it("have every run in one of three ends", ({ expect }) => {
    expect(rows.map(({ changed }) => changed)).toEqual(CHANGED);
    for (const { runs, tripped, closedByBound, stillServing } of rows) {
      expect(runs).toBe(SERVING.length);
      expect(tripped + closedByBound + stillServing).toBeGreaterThanOrEqual(runs);
    }
  });

  it("have a curve with the median between its quantiles, and no wrong hit that is none", ({
    expect,
  }) => {
    for (const { curve } of rows) {
      expect(curve.at(-1)!.at).toBe(COURSE.before + COURSE.changed + COURSE.after - BIN);
      for (const { hits, wrong } of curve) {
        expect(hits.low).toBeLessThanOrEqual(hits.value);
        expect(hits.value).toBeLessThanOrEqual(hits.high);
        expect(wrong.high).toBeLessThanOrEqual(hits.high);
      }
    }
  });

  it("are empty, and no error, without a namespace", ({ expect }) => {
    expect(driftRows([], TERMS)[0]).toMatchObject({ runs: 0, tripped: 0, curve: [] });
  });
});
