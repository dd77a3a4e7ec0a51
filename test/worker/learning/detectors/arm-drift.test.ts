/** A model's two drifts: words and faults, and that they are apart. */
import { describe, it } from "vitest";
import {
  armDriftSchema,
  armShift,
  hearWord,
  noArmDrift,
  seeEnd,
  type ArmDrift,
} from "../../../../worker/learning/detectors/arm-drift.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";
import { madeUpObservation } from "./made-up-observation.ts";

function word(arm: ArmDrift, value: number): ArmDrift {
  return hearWord(arm, madeUpObservation({ isSpoken: true, reward: { value, weight: 1 } }));
}

function end(arm: ArmDrift, isBroken: boolean): ArmDrift {
  return seeEnd(arm, madeUpObservation({ signals: isBroken ? ["broken_form"] : [] }));
}

function many(count: number, arm: ArmDrift, step: (arm: ArmDrift) => ArmDrift): ArmDrift {
  let next = arm;
  for (let n = 0; n < count; n++) next = step(next);
  return next;
}

function words(arm: ArmDrift, count: number, { random, mean }: { random: Random; mean: number }) {
  return many(count, arm, (one) => word(one, random() < mean ? 1 : 0));
}

describe("a model's drift", () => {
  it("is found in words alone", ({ expect }) => {
    const random = randomFrom(1);
    const calm = words(noArmDrift(), 300, { random, mean: 0.8 });
    expect(armShift(calm, 0)).toBe(0);
    expect(armShift(words(calm, 100, { random, mean: 0.2 }), 0)).toBeLessThan(-0.4);
  });

  it("is found in broken answers that nobody speaks of", ({ expect }) => {
    const random = randomFrom(2);
    const calm = many(300, noArmDrift(), (arm) => end(arm, random() < 0.02));
    expect(armShift(calm, 0)).toBe(0);
    const broken = many(100, calm, (arm) => end(arm, random() < 0.6));
    expect(armShift(broken, 0)).toBeLessThan(-0.4);
  });

  it("is none where only more is said than before", ({ expect }) => {
    const random = randomFrom(3);
    let arm = noArmDrift();
    for (const spoken of [0.02, 0.6])
      arm = many(4_000, arm, (one) => {
        const ended = end(one, false);
        return random() < spoken ? word(ended, random() < 0.8 ? 1 : 0) : ended;
      });
    expect(armShift(arm, 0)).toBe(0);
  });

  it("goes by the larger of both", ({ expect }) => {
    const random = randomFrom(4);
    const calm = many(300, words(noArmDrift(), 300, { random, mean: 0.8 }), (arm) =>
      end(arm, false),
    );
    const both = words(
      many(100, calm, (arm) => end(arm, random() < 0.3)),
      100,
      { random, mean: 0 },
    );
    expect(armShift(both, 0)).toBeLessThan(-0.6);
    expect(armDriftSchema.parse(JSON.parse(JSON.stringify(both)))).toEqual(both);
  });
});
