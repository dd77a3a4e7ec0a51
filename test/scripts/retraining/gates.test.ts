/** Each gate passes and refuses, and a lack of evidence is no pass. */
import { describe, it } from "vitest";
import {
  DEFAULT_LIMITS,
  gatesOf,
  haveAllPassed,
  type Measured,
} from "../../../scripts/retraining/gates.ts";

const SOUND: Measured = {
  gain: { value: 0.05, low: 0.01, high: 0.09 },
  effectiveSampleSize: 400,
  unsupported: 0.01,
  slices: [
    { name: "task math", gain: { value: 0.05, low: -0.1, high: 0.2 } },
    { name: "tenant shop", gain: { value: -0.03, low: -0.1, high: 0.02 } },
  ],
  calibration: { candidate: 0.06, incumbent: 0.05 },
  sizeBytes: 2 * 2 ** 20,
  latency: { candidate: 0.11, incumbent: 0.1 },
  golden: { worst: 0.001, tolerance: 0.002 },
};

function refusedBy(changes: Partial<Measured>, limits = DEFAULT_LIMITS): string[] {
  const gates = gatesOf({ ...SOUND, ...changes }, limits);
  return gates.filter(({ passed }) => !passed).map(({ name }) => name);
}

describe("gates", () => {
  it("let a sound router pass", ({ expect }) => {
    expect(refusedBy({})).toEqual([]);
    expect(haveAllPassed(gatesOf(SOUND, DEFAULT_LIMITS))).toBe(true);
  });

  it.for([
    ["reward", { gain: { value: 0.05, low: -0.001, high: 0.09 } }],
    ["evidence", { effectiveSampleSize: 199 }],
    ["support", { unsupported: 0.06 }],
    ["slices", { slices: [{ name: "x", gain: { value: -0.2, low: -0.3, high: -0.021 } }] }],
    ["calibration", { calibration: { candidate: 0.071, incumbent: 0.05 } }],
    ["size", { sizeBytes: 3 * 2 ** 20 + 1 }],
    ["latency", { latency: { candidate: 0.126, incumbent: 0.1 } }],
    ["golden", { golden: { worst: 0.003, tolerance: 0.002 } }],
    ["golden", { golden: { worst: 0, tolerance: 0.002, failure: "golden vector 0" } }],
    ["features", { unfit: "it reads features of version 2" }],
  ] satisfies [string, Partial<Measured>][])(
    "refuse by %s alone",
    ([name, changes], { expect }) => {
      expect(refusedBy(changes)).toEqual([name]);
    },
  );

  it("refuse for want of evidence", ({ expect }) => {
    const unknown = { value: NaN, low: NaN, high: NaN };
    const nothing = { gain: unknown, effectiveSampleSize: 0, unsupported: NaN, slices: [] };
    expect(refusedBy(nothing)).toEqual(["reward", "evidence", "support"]);
    expect(refusedBy({ calibration: { candidate: NaN, incumbent: NaN } })).toEqual(["calibration"]);
  });

  it("tolerate a loss that somebody has allowed, to the margin and no further", ({ expect }) => {
    const limits = { ...DEFAULT_LIMITS, margin: 0.01 };
    expect(refusedBy({ gain: { value: 0, low: -0.01, high: 0.01 } }, limits)).toEqual([]);
    expect(refusedBy({ gain: { value: 0, low: -0.011, high: 0.01 } }, limits)).toEqual(["reward"]);
  });

  it("do not believe in a slice of which nothing is known", ({ expect }) => {
    const slices = [{ name: "x", gain: { value: NaN, low: NaN, high: NaN } }];
    expect(refusedBy({ slices })).toEqual([]);
  });
});
