/** How soon the switch trips, how seldom without a reason, and what is audited. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  auditShare,
  auditsUntilTrip,
  emptyWatch,
  isTripped,
  watchHit,
  type Watch,
} from "../../../../worker/cache/trust/watch.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";

const BUDGET = 0.01;

/** Audits until it trips, of hits of which a share is wrong; `most` where it does not. */
function auditsToTrip(wrongShare: number, random: Random, most = 100_000): number {
  let watch = emptyWatch(BUDGET);
  for (let audits = 1; audits <= most; audits++) {
    watch = watchHit(watch, random() >= wrongShare);
    if (isTripped(watch)) return audits;
  }
  return most;
}

function after(outcomes: readonly boolean[], budget = BUDGET): Watch {
  return outcomes.reduce((watch, isRight) => watchHit(watch, isRight), emptyWatch(budget));
}

describe("the switch", () => {
  it("trips with the third wrong audit in a row", ({ expect }) => {
    expect([1, 2, 3].map((n) => isTripped(after(Array<boolean>(n).fill(false))))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.for([0.05, 0.1, 0.25, 0.5, 1])(
    "takes as many audits as its formula says at %d wrong",
    (wrong, { expect }) => {
      const random = randomFrom(1);
      const runs = Array.from({ length: 300 }, () => auditsToTrip(wrong, random));
      const mean = runs.reduce((sum, audits) => sum + audits, 0) / runs.length;
      expect(mean / auditsUntilTrip(wrong, BUDGET)).toBeGreaterThan(0.7);
      expect(mean / auditsUntilTrip(wrong, BUDGET)).toBeLessThan(1.2);
    },
  );

  it("takes 2.6 audits by that formula where all is wrong", ({ expect }) => {
    expect(auditsUntilTrip(1, BUDGET)).toBeCloseTo(Math.log(60_000) / Math.log(64), 12);
  });

  it("is not tripped in 300,000 audits at half the budget", ({ expect }) => {
    expect(auditsToTrip(BUDGET / 2, randomFrom(2), 300_000)).toBe(300_000);
  });

  it("is tripped less than once in 10,000 audits at the very budget", ({ expect }) => {
    const random = randomFrom(3);
    const runs = Array.from({ length: 10 }, () => auditsToTrip(BUDGET, random, 40_000));
    expect(runs.reduce((sum, audits) => sum + audits, 0) / runs.length).toBeGreaterThan(10_000);
  });

  it("is no slower for what went well for long", ({ expect }) => {
    const watch = after(Array<boolean>(5_000).fill(true));
    const late = [1, 2, 3].reduce((one) => watchHit(one, false), watch);
    expect(isTripped(late)).toBe(true);
  });
});

describe("the share that is audited", () => {
  it("begins at a half and falls to a twentieth", ({ expect }) => {
    const [young, old] = [after([]), after(Array<boolean>(2_000).fill(true))];
    expect([auditShare(young), auditShare(old)]).toEqual([0.5, 0.05]);
  });

  it("rises with a wrong audit and falls again after right ones", ({ expect }) => {
    const calm = after(Array<boolean>(2_000).fill(true));
    const alarmed = watchHit(calm, false);
    const calmed = Array<boolean>(100).fill(true).reduce(watchHit, alarmed);
    expect(auditShare(alarmed)).toBeGreaterThan(0.3);
    expect(auditShare(calmed)).toBe(0.05);
  });

  it("is never none and never more than all, whatever the budget", ({ expect }) => {
    const budget = fc.double({ min: 1e-6, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), budget, (outcomes, share) => {
        const watch = after(outcomes, share);
        expect(auditShare(watch)).toBeGreaterThanOrEqual(0.05);
        expect(auditShare(watch)).toBeLessThanOrEqual(1);
        for (const log of watch.rivals) expect(Number.isFinite(log)).toBe(true);
      }),
    );
  });
});
