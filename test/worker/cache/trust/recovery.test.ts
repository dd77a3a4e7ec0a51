/** When a time of wrong answers is over, and how seldom it seems so while nothing has changed. */
import { describe, it } from "vitest";
import type { Tally } from "../../../../worker/cache/trust/evidence.ts";
import { hasRecovered } from "../../../../worker/cache/trust/recovery.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

const STEPS = 12;

function tally(audits: number, wrong: number, streak: number): Tally {
  return { audits, wrong, pairs: audits, streak };
}

function told({ audits, wrong, pairs, streak }: Tally, isWrong: boolean): Tally {
  return {
    audits: audits + 1,
    wrong: wrong + Number(isWrong),
    pairs: pairs + 1,
    streak: isWrong ? 0 : streak + 1,
  };
}

describe("recovery", () => {
  it("is seen on one step by a streak that its past makes unlikely", ({ expect }) => {
    const past = { audits: 180, wrong: 18 };
    const streaks = [100, 300].map((n) => hasRecovered([tally(past.audits + n, past.wrong, n)]));
    expect(streaks).toEqual([false, true]);
  });

  it("is seen sooner on many", ({ expect }) => {
    const many = Array.from({ length: STEPS }, () => tally(180 + 70, 18, 70));
    expect(hasRecovered(many)).toBe(true);
    expect(hasRecovered(many.slice(0, 1))).toBe(false);
  });

  it("is seen at the top though the lowest steps are as wrong as ever", ({ expect }) => {
    const lower = Array.from({ length: STEPS - 1 }, () => tally(1_000, 500, 1));
    expect(hasRecovered([...lower, tally(180 + 300, 18, 300)])).toBe(true);
    expect(hasRecovered(lower)).toBe(false);
  });

  it("needs something to recover from", ({ expect }) => {
    expect(hasRecovered(Array.from({ length: STEPS }, () => tally(4_000, 0, 4_000)))).toBe(false);
    expect(hasRecovered([])).toBe(false);
  });

  it.for([0.003, 0.02, 0.1, 0.5])(
    "is not seen where %d is wrong all along",
    (share, { expect }) => {
      const random = randomFrom(8);
      let steps = Array.from({ length: STEPS }, () => tally(0, 0, 0));
      for (let k = 0; k < 20_000; k++) {
        const step = Math.floor(STEPS * random());
        steps = steps.with(step, told(steps[step]!, random() < share));
        expect(hasRecovered(steps)).toBe(false);
      }
    },
  );
});
