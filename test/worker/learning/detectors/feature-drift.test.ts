/** The stability indices: calm by chance, loud on a change, with a reference given or learnt. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  evenShares,
  featureDriftSchema,
  noFeatureDrift,
  seePrompt,
  stabilityIndices,
  type FeatureDrift,
} from "../../../../worker/learning/detectors/feature-drift.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";

const STATISTICS = 5;

function evenly(random: Random): string {
  return Array.from({ length: STATISTICS }, () => Math.floor(10 * random())).join("");
}

/** Mostly zero, as what seldom occurs. */
function withTies(random: Random): string {
  return Array.from({ length: STATISTICS }, () => (random() < 0.9 ? 6 : 9)).join("");
}

/** As before, but for one statistic, the last. */
function changed(random: Random): string {
  return evenly(random).slice(0, -1) + String(Math.floor(3 * random()));
}

/** Prompts until the alarm, `count` where there is none. */
function seen(
  drift: FeatureDrift,
  count: number,
  draw: () => string,
): { drift: FeatureDrift; prompts: number } {
  let next = drift;
  for (let n = 1; n <= count; n++) {
    next = seePrompt(next, draw());
    if (next.isAlarm) return { drift: next, prompts: n };
  }
  return { drift: next, prompts: count };
}

describe("the stability indices", () => {
  it("raise no alarm without a change, however few prompts there are", ({ expect }) => {
    const random = randomFrom(1);
    for (let run = 0; run < 20; run++) {
      const start = noFeatureDrift(evenShares(STATISTICS));
      expect(seen(start, 1_000, () => evenly(random)).prompts).toBe(1_000);
    }
  });

  it("are near 0 without a change", ({ expect }) => {
    const random = randomFrom(2);
    const { drift } = seen(noFeatureDrift(evenShares(STATISTICS)), 3_000, () => evenly(random));
    expect(Math.max(...stabilityIndices(drift))).toBeLessThan(0.01);
  });

  it("raise one on a change of one statistic, and end it when that is over", ({ expect }) => {
    const random = randomFrom(3);
    const calm = seen(noFeatureDrift(evenShares(STATISTICS)), 3_000, () => evenly(random)).drift;
    const { drift, prompts } = seen(calm, 3_000, () => changed(random));
    expect(prompts).toBeLessThan(1_500);
    expect(stabilityIndices(drift).map((index) => index > 0.2)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    let later = drift;
    for (let n = 0; n < 3_000; n++) later = seePrompt(later, evenly(random));
    expect(later.isAlarm).toBe(false);
  });

  it("know ties where the reference is learnt, and not where shares are taken to be even", ({
    expect,
  }) => {
    const random = randomFrom(4);
    expect(seen(noFeatureDrift(), 6_000, () => withTies(random)).prompts).toBe(6_000);
    expect(
      seen(noFeatureDrift(evenShares(STATISTICS)), 6_000, () => withTies(random)).prompts,
    ).toBeLessThan(500);
  });

  it("are not moved by what are no deciles, and can be kept as JSON", ({ expect }) => {
    const text = fc.oneof(fc.string({ maxLength: 8 }), fc.stringMatching(/^\d{1,6}$/));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
        const start = seePrompt(noFeatureDrift(), "123");
        const drift = texts.reduce((one, deciles) => seePrompt(one, deciles), start);
        const own = texts.filter((one) => /^\d{3}$/.test(one));
        expect(drift).toEqual(own.reduce((one, deciles) => seePrompt(one, deciles), start));
        expect(featureDriftSchema.parse(JSON.parse(JSON.stringify(drift)))).toEqual(drift);
      }),
    );
  });
});
