/** The bound against what its definition gives by brute force, and the laws that it must keep on any evidence. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { deltaOf, upperShares, type Tally } from "../../../../worker/cache/trust/evidence.ts";
import { LADDER } from "../../../../worker/cache/trust/ladder.ts";

const NONE = tally(0, 0);

function tally(audits: number, wrong: number, pairs = audits): Tally {
  return { audits, wrong, pairs, streak: 0 };
}

const tallies = fc.array(
  fc
    .tuple(
      fc.nat(3_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
    )
    .map(([audits, share, weight]) =>
      tally(audits, Math.floor(audits * share ** 3), audits * weight),
    ),
  { minLength: LADDER.length, maxLength: LADDER.length },
);

/** Of a forecast that begins with Beta(½, 200) and learns: the outcomes one by one. */
function forecast(outcomes: readonly boolean[]): number {
  let [log, wrong] = [0, 0];
  for (const [k, isWrong] of outcomes.entries()) {
    const share = (0.5 + wrong) / (200.5 + k);
    log += Math.log(isWrong ? share : 1 - share);
    wrong += Number(isWrong);
  }
  return log;
}

function outcomesOf({ audits, wrong }: Tally): boolean[] {
  return Array.from({ length: audits }, (_, k) => k < wrong);
}

function likelihood({ audits, wrong }: Tally, share: number): number {
  return (wrong && wrong * Math.log(share)) + (audits - wrong) * Math.log(1 - share);
}

describe("the most that can be wrong", () => {
  it("is everything without evidence", ({ expect }) => {
    expect(
      upperShares(
        LADDER.map(() => NONE),
        0,
      ),
    ).toEqual(LADDER.map(() => 1));
  });

  it.for([
    [400, 0],
    [1_000, 2],
    [50, 50],
  ] as const)("is where the bet of %d audits, %d wrong, is won", ([audits, wrong], { expect }) => {
    const [upper = NaN] = upperShares([tally(audits, wrong)], 0);
    const wealth =
      forecast(outcomesOf(tally(audits, wrong))) - likelihood(tally(audits, wrong), upper);
    expect(upper).toBeGreaterThan(wrong / audits - 1e-6);
    if (wrong < audits) expect(wealth).toBeCloseTo(Math.log(1 / 0.02), 4);
  });

  it("is no less than any mean of shares that the evidence leaves possible", ({ expect }) => {
    const [low, high] = [tally(300, 9, 300), tally(200, 1, 2_000)];
    const both = [...outcomesOf(low), ...outcomesOf(high)];
    const forecasts = [
      Math.log(0.8) + forecast(both),
      Math.log(0.2) + forecast(outcomesOf(low)) + forecast(outcomesOf(high)),
    ];
    const given = Math.log(forecasts.reduce((sum, log) => sum + Math.exp(log), 0));
    let greatest = 0;
    for (let r = 0.001; r < 0.2; r += 0.0005)
      for (let s = 0.0005; s < 0.1; s += 0.0005)
        if (given - likelihood(low, r) - likelihood(high, s) < Math.log(1 / 0.02))
          greatest = Math.max(greatest, (300 * r + 2_000 * s) / 2_300);
    const [alone = NaN] = upperShares([low, high], 0);
    // The stricter step is held against by more than the looser one says, or by as much.
    expect(alone).toBeGreaterThanOrEqual(greatest - 1e-6);
    expect(alone).toBeLessThan(greatest + 0.001);
  });

  it("asks for 448 right audits at a budget of 1 % where nothing stands above", ({ expect }) => {
    const least = Array.from({ length: 1_000 }, (_, n) => n).find(
      (audits) =>
        upperShares([...LADDER.slice(1).map(() => NONE), tally(audits, 0)], 0).at(-1)! <= 0.01,
    );
    expect(least).toBe(448);
  });

  it("asks for more of every later generation, and of all together for no more than 5 %", ({
    expect,
  }) => {
    const deltas = Array.from({ length: 10_000 }, (_, generation) => deltaOf(generation));
    expect(deltas.reduce((sum, delta) => sum + delta, 0)).toBeLessThanOrEqual(0.05);
    expect(deltas).toEqual(deltas.toSorted((a, b) => b - a));
    const uppers = [0, 1, 2, 10].map((generation) => upperShares([tally(500, 0)], generation)[0]!);
    expect(uppers).toEqual(uppers.toSorted((a, b) => a - b));
  });

  it("is not lent to a step that has next to no audits of its own", ({ expect }) => {
    const proven = tally(2_000, 0);
    const [few, enough] = [31, 32].map((n) => upperShares([tally(n, 0), proven], 0)[0]!);
    expect(few).toBe(1);
    expect(enough).toBeLessThan(0.01);
  });

  it("is never below a budget with fewer right audits than one fair bet would take", ({
    expect,
  }) => {
    const share = fc.double({ min: 0.001, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(share, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (budget, parts) => {
        const most = Math.floor(Math.log(1 / 0.05) / -Math.log1p(-budget));
        const each = parts.map((part) => tally(part % Math.ceil(most / 12), 0));
        expect(Math.min(...upperShares(each, 0))).toBeGreaterThan(budget);
      }),
    );
  });

  it("never rises with the similarity, and is a share", ({ expect }) => {
    fc.assert(
      fc.property(tallies, (evidence) => {
        const upper = upperShares(evidence, 0);
        expect(upper).toEqual(upper.toSorted((a, b) => b - a));
        for (const share of upper) expect(share >= 0 && share <= 1).toBe(true);
      }),
    );
  });

  it("is above the share seen, of all that would be served", ({ expect }) => {
    fc.assert(
      fc.property(tallies, (evidence) => {
        const upper = upperShares(evidence, 0);
        const loosest = upper.findIndex((share) => share < 1);
        if (loosest < 0) return;
        const served = evidence.slice(loosest).filter(({ audits }) => audits > 0);
        const pairs = served.reduce((sum, one) => sum + one.pairs, 0);
        const seen = served.reduce((sum, one) => sum + (one.pairs * one.wrong) / one.audits, 0);
        expect(upper[loosest]!).toBeGreaterThanOrEqual(seen / pairs - 1e-9);
      }),
    );
  });

  it("is not lowered by a right answer that turns out to be wrong", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000 }), fc.nat(), (audits, part) => {
        const wrong = part % Math.ceil(audits / 2);
        const [before = NaN] = upperShares([tally(audits, wrong)], 0);
        const [after = NaN] = upperShares([tally(audits, wrong + 1)], 0);
        expect(after).toBeGreaterThanOrEqual(before - 1e-6);
      }),
    );
  });

  it("falls with the number of audits at one share", ({ expect }) => {
    const upper = [100, 400, 1_600, 6_400].map((n) => upperShares([tally(n, n / 100)], 0)[0]!);
    expect(upper).toEqual(upper.toSorted((a, b) => b - a));
    expect(upper[0]).toBeGreaterThan(0.05);
    expect(upper[3]).toBeLessThan(0.016);
  });
});
