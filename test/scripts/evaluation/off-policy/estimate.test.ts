/**
 * Off-policy estimates against cases worked by hand and against made worlds whose truth is known: who is right when
 * propensities are wrong, when the reward model is, and what is said where nothing could have been logged.
 */
import { describe, it } from "vitest";
import {
  bySlice,
  estimatePolicies,
  type OffPolicyRow,
} from "../../../../scripts/evaluation/off-policy/estimate.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";

const ESTIMATION = { confidence: 0.95, seed: 1, resamples: 200 };

function row(own: Partial<OffPolicyRow> = {}): OffPolicyRow {
  return {
    reward: 1,
    weight: 1,
    propensity: 0.5,
    target: 0.5,
    incumbent: 0.5,
    unsupported: 0,
    predicted: { logged: 0.5, target: 0.5, incumbent: 0.5 },
    cluster: "c",
    slice: "s",
    ...own,
  };
}

/** Two actions; prompts differ by x in [0, 1). Action 1 earns 0.2 + 0.6 x, action 0 earns 0.5. */
function meanReward(x: number, action: 0 | 1): number {
  return action === 1 ? 0.2 + 0.6 * x : 0.5;
}
/** The target takes action 1 where x > 0.5: 0.5 · 0.5 + ∫ (0.2 + 0.6 x) over the upper half. */
const TARGET_VALUE = 0.25 + 0.1 + 0.3 * (1 - 0.25);
/** The incumbent takes action 0. */
const INCUMBENT_VALUE = 0.5;

interface World {
  readonly rows: number;
  /** What the log says of propensities; the truth where absent. */
  readonly propensityOf?: (truth: number) => number;
  /** The reward model; the truth where absent. */
  readonly predict?: (x: number, action: 0 | 1) => number;
}

function simulated({ rows, propensityOf = (p) => p, predict = meanReward }: World, random: Random) {
  return Array.from({ length: rows }, (_, i): OffPolicyRow => {
    const x = random();
    const toOne = 0.2 + 0.3 * x;
    const action = random() < toOne ? 1 : 0;
    const best = x > 0.5 ? 1 : 0;
    return row({
      reward: random() < meanReward(x, action) ? 1 : 0,
      propensity: propensityOf(action === 1 ? toOne : 1 - toOne),
      target: action === best ? 1 : 0,
      incumbent: action === 0 ? 1 : 0,
      predicted: {
        logged: predict(x, action),
        target: predict(x, best),
        incumbent: predict(x, 0),
      },
      cluster: `c${i}`,
    });
  });
}

describe("estimates by hand", () => {
  const rows = [
    row({
      propensity: 0.25,
      target: 0.5,
      incumbent: 0,
      predicted: { logged: 0.6, target: 0.7, incumbent: 0.4 },
      cluster: "a",
    }),
    row({
      reward: 0,
      propensity: 0.5,
      target: 0.25,
      incumbent: 1,
      predicted: { logged: 0.2, target: 0.3, incumbent: 0.2 },
      cluster: "b",
    }),
  ];

  it("are IPS, its self-normalised form, and DR", ({ expect }) => {
    const found = estimatePolicies(rows, ESTIMATION);
    // Importances 2 and 0.5 for the target, 0 and 2 for the incumbent.
    expect(found.ips.value).toBeCloseTo(2 / 2, 12);
    expect(found.snips.value).toBeCloseTo(2 / 2.5, 12);
    expect(found.dr.value).toBeCloseTo((0.7 + 2 * 0.4 + 0.3 + 0.5 * -0.2) / 2, 12);
    expect(found.incumbent.value).toBeCloseTo((0.4 + 0.2 + 2 * -0.2) / 2, 12);
    expect(found.difference.value).toBeCloseTo(found.dr.value - found.incumbent.value, 12);
    expect(found.effectiveSampleSize).toBeCloseTo(2.5 ** 2 / (4 + 0.25), 12);
    expect(found).toMatchObject({ rows: 2, unsupported: 0, clipped: 0 });
  });

  it("weigh a row by what its reward is worth", ({ expect }) => {
    const weighed = estimatePolicies([{ ...rows[0]!, weight: 3 }, rows[1]!], ESTIMATION);
    const repeated = estimatePolicies([rows[0]!, rows[0]!, rows[0]!, rows[1]!], ESTIMATION);
    for (const name of ["ips", "snips", "dr", "difference"] as const)
      expect(weighed[name].value).toBeCloseTo(repeated[name].value, 12);
  });

  it("cut an importance where they are told to, and say so", ({ expect }) => {
    const found = estimatePolicies(rows, { ...ESTIMATION, clip: 1.5 });
    expect(found.ips.value).toBeCloseTo(1.5 / 2, 12);
    expect(found.clipped).toBe(1);
  });

  it("are made for each slice alone", ({ expect }) => {
    const found = bySlice([rows[0]!, { ...rows[1]!, slice: "other" }], ESTIMATION);
    expect([...found.keys()]).toEqual(["s", "other"]);
    expect(found.get("s")?.ips.value).toBeCloseTo(2, 12);
    expect(found.get("other")?.rows).toBe(1);
  });

  it("say nothing of no rows, and refuse rows that cannot be", ({ expect }) => {
    expect(estimatePolicies([], ESTIMATION)).toMatchObject({ rows: 0, effectiveSampleSize: 0 });
    expect(estimatePolicies([], ESTIMATION).dr.value).toBeNaN();
    for (const wrong of [{ reward: 1.1 }, { propensity: -0.1 }, { target: NaN }, { weight: 0 }])
      expect(() => estimatePolicies([row(wrong)], ESTIMATION)).toThrow(RangeError);
  });
});

describe("what could not have been logged", () => {
  it("is a part of the target, by the rows' weights", ({ expect }) => {
    const rows = [
      row({ target: 0, unsupported: 1, weight: 3 }),
      row({ target: 0.5, unsupported: 0.5 }),
    ];
    expect(estimatePolicies(rows, ESTIMATION).unsupported).toBeCloseTo(3.5 / 4, 12);
  });

  it("is also an action that was logged with a propensity of 0", ({ expect }) => {
    const found = estimatePolicies([row({ propensity: 0, target: 0.8 }), row()], ESTIMATION);
    expect(found.unsupported).toBeCloseTo(0.4, 12);
    expect(found.ips.value).toBeCloseTo(0.5, 12);
    expect(Number.isFinite(found.dr.high)).toBe(true);
  });

  it("is worthless to IPS, and to DR what the model says", ({ expect }) => {
    const rows = [
      row({ target: 0, unsupported: 1, predicted: { logged: 1, target: 0.9, incumbent: 1 } }),
    ];
    const found = estimatePolicies(rows, ESTIMATION);
    expect(found).toMatchObject({ unsupported: 1, effectiveSampleSize: 0 });
    expect(found.ips.value).toBe(0);
    expect(found.snips.value).toBeNaN();
    expect(found.dr.value).toBeCloseTo(0.9, 12);
  });
});

describe("estimates of a world whose truth is known", () => {
  const wrongModel = { predict: () => 0.95 };
  const wrongPropensities = { propensityOf: (p: number) => Math.sqrt(p) };
  const rows = 40_000;
  const few = { ...ESTIMATION, resamples: 2 };

  it("have no bias where propensities are right, whatever the model says", ({ expect }) => {
    const found = estimatePolicies(simulated({ rows, ...wrongModel }, randomFrom(7)), few);
    for (const name of ["ips", "snips", "dr"] as const)
      expect(Math.abs(found[name].value - TARGET_VALUE)).toBeLessThan(0.025);
    expect(Math.abs(found.difference.value - (TARGET_VALUE - INCUMBENT_VALUE))).toBeLessThan(0.025);
  });

  it("have none by DR where the model is right, whatever propensities say", ({ expect }) => {
    const found = estimatePolicies(simulated({ rows, ...wrongPropensities }, randomFrom(8)), few);
    expect(Math.abs(found.dr.value - TARGET_VALUE)).toBeLessThan(0.015);
    expect(Math.abs(found.ips.value - TARGET_VALUE)).toBeGreaterThan(0.1);
  });

  it("are wrong by DR where both are", ({ expect }) => {
    const world = { rows, ...wrongModel, ...wrongPropensities };
    const found = estimatePolicies(simulated(world, randomFrom(9)), few);
    expect(Math.abs(found.dr.value - TARGET_VALUE)).toBeGreaterThan(0.03);
  });

  it("cover the truth about as often as they say", ({ expect }) => {
    const worlds = 150;
    const truths = {
      ips: TARGET_VALUE,
      snips: TARGET_VALUE,
      dr: TARGET_VALUE,
      difference: TARGET_VALUE - INCUMBENT_VALUE,
    };
    const covered = { ips: 0, snips: 0, dr: 0, difference: 0 };
    for (let seed = 0; seed < worlds; seed++) {
      const found = estimatePolicies(
        simulated({ rows: 400, ...wrongModel }, randomFrom(1_000 + seed)),
        { confidence: 0.9, seed, resamples: 200 },
      );
      for (const name of ["ips", "snips", "dr", "difference"] as const)
        if (found[name].low <= truths[name] && truths[name] <= found[name].high) covered[name]++;
    }
    for (const count of Object.values(covered)) {
      expect(count / worlds).toBeGreaterThan(0.82);
      expect(count / worlds).toBeLessThan(0.97);
    }
  });

  it("are narrower by DR with a model that knows something than with one that does not", ({
    expect,
  }) => {
    const [knowing, silent] = [{}, { predict: () => 0 }].map((model) => {
      const found = estimatePolicies(
        simulated({ rows: 2_000, ...model }, randomFrom(3)),
        ESTIMATION,
      );
      return found.dr.high - found.dr.low;
    });
    expect(knowing!).toBeLessThan(silent!);
  });
});
