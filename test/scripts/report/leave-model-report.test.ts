/** A small report by hand: every place has its row, and a share that is not defined is neither drawn nor printed. */
import { describe, it } from "vitest";
import type { LeaveModelReport } from "../../../scripts/evaluation/leave-model.ts";
import { leaveModelPicture, leaveModelTable } from "../../../scripts/report/leave-model-report.ts";

function estimate(value: number) {
  return { value, low: value - 0.1, high: value + 0.1 };
}

const ARM = { start: "prior", design: "drawn", gain: estimate(0.01), apgr: estimate(0.6) };
const REPORT: LeaveModelReport = {
  dataset: "exam",
  folds: 2,
  models: ["a", "b", "c", "d"],
  counted: 3,
  leftOut: ["rare"],
  validRows: 60,
  full: { gain: estimate(0.02), apgr: estimate(0.62) },
  rows: [
    { ...ARM, probes: 0, share: estimate(0), pooledShare: estimate(0), coverage: 0.9 },
    { ...ARM, probes: 10, share: estimate(0.4), pooledShare: estimate(0.5), coverage: 0.8 },
    { ...ARM, probes: 25, share: estimate(NaN), pooledShare: estimate(0.6), coverage: 1 },
  ],
};

describe("leave-model report", () => {
  it("has a row for each place", ({ expect }) => {
    const table = leaveModelTable(REPORT);
    expect(table).toContain("Too few rows to judge: rare.");
    expect(table).toContain(
      "| prior | 10 | drawn | 40 % (30 % to 50 %) | 50 % (40 % to 60 %) | 0.010 (-0.090 to 0.110) | 0.600 (0.500 to 0.700) | 80 % |",
    );
    expect(table).toContain("| prior | 25 | drawn | – |");
  });

  it("draws what is defined", ({ expect }) => {
    const { name, svg } = leaveModelPicture(REPORT);
    expect(name).toBe("leave-model.svg");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.match(/<circle/g)).toHaveLength(2);
  });
});
