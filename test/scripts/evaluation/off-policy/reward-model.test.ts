/** The reward model: it finds curves that are there, believes scores where nothing is, and never reads its own row. */
import { describe, it } from "vitest";
import {
  fitRewardModel,
  type RewardedAnswer,
} from "../../../../scripts/evaluation/off-policy/reward-model.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

function answers(count: number, shiftOf: Readonly<Record<string, number>>): RewardedAnswer[] {
  const random = randomFrom(5);
  const models = Object.keys(shiftOf);
  return Array.from({ length: count }, (_, i) => {
    const model = models[i % models.length]!;
    const score = 0.1 + 0.8 * random();
    const truth = 1 / (1 + Math.exp(-(Math.log(score / (1 - score)) + shiftOf[model]!)));
    return { cluster: `c${i}`, model, score, reward: random() < truth ? 1 : 0, weight: 1 };
  });
}

describe("fitRewardModel", () => {
  it("learns how far each model is from its score", ({ expect }) => {
    const predict = fitRewardModel(answers(8_000, { "a/a": 0, "b/b": -1.5 }));
    const asked = { cluster: "new", score: 0.5 };
    expect(Math.abs(predict({ ...asked, model: "a/a" }) - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(predict({ ...asked, model: "b/b" }) - 1 / (1 + Math.exp(1.5)))).toBeLessThan(
      0.05,
    );
  });

  it("believes the score where nothing was learnt", ({ expect }) => {
    const predict = fitRewardModel([]);
    for (const score of [0.1, 0.5, 0.93])
      expect(predict({ cluster: "c", model: "a/a", score })).toBeCloseTo(score, 9);
  });

  it("believes all models together of one that was never asked", ({ expect }) => {
    const predict = fitRewardModel(answers(4_000, { "a/a": -2 }));
    expect(predict({ cluster: "c", model: "z/z", score: 0.5 })).toBeLessThan(0.2);
  });

  it("never learns a row's reward from its own cluster", ({ expect }) => {
    const rows = answers(40, { "a/a": 0 });
    const asked = rows[0]!;
    const turned = rows.map((one) =>
      one.cluster === asked.cluster ? { ...one, reward: 1 - one.reward } : one,
    );
    expect(fitRewardModel(turned)(asked)).toBe(fitRewardModel(rows)(asked));
    const other = rows.find((one) => fitRewardModel(turned)(one) !== fitRewardModel(rows)(one));
    expect(other).toBeDefined();
  });

  it("hears a heavier reward louder", ({ expect }) => {
    const rows = answers(40, { "a/a": 0 }).map((one, i) => ({
      ...one,
      reward: i % 4 < 2 ? 1 : 0,
      weight: i % 4 < 2 ? 5 : 1,
    }));
    const even = rows.map((one) => ({ ...one, weight: 1 }));
    const asked = { cluster: "c", model: "a/a", score: 0.5 };
    expect(fitRewardModel(rows)(asked)).toBeGreaterThan(fitRewardModel(even)(asked));
  });

  it("stays finite where a score separates all rewards", ({ expect }) => {
    const rows = Array.from({ length: 400 }, (_, i) => {
      const reward = i % 2;
      return { cluster: `c${i}`, model: "a/a", score: reward, reward, weight: 1 };
    });
    const value = fitRewardModel(rows)({ cluster: "c", model: "a/a", score: 1 });
    expect(value).toBeGreaterThan(0.9);
    expect(value).toBeLessThan(1);
  });
});
