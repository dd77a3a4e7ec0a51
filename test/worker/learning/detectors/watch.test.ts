/** The whole that is watched: which release is followed, what is counted once, what follows from alarms. */
import { describe, it } from "vitest";
import type { Observation } from "../../../../worker/domain/observation.ts";
import { evenShares } from "../../../../worker/learning/detectors/feature-drift.ts";
import {
  alarmsIn,
  halt,
  isNewWord,
  newsOf,
  newWatch,
  teach,
  watch,
  watchStateSchema,
  type WatchState,
} from "../../../../worker/learning/detectors/watch.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";
import { madeUpObservation } from "./made-up-observation.ts";

const [OLD, NEW] = ["mf-1@0123456789ab", "mf-2@ba9876543210"];
const MODEL = "openai/gpt-5.4-mini";

let count = 0;

function told(more: Partial<Observation> = {}): Observation {
  return madeUpObservation({ id: `req_${count++}`, atMs: 1_000, ...more });
}

function after(state: WatchState, times: number, make: (n: number) => Observation): WatchState {
  let next = state;
  for (let n = 0; n < times; n++) next = watch(next, make(n));
  return next;
}

function spoken(random: Random, mean: number, more: Partial<Observation> = {}): Observation {
  return told({ isSpoken: true, reward: { value: random() < mean ? 1 : 0, weight: 1 }, ...more });
}

/** A model that was as predicted for long and then collapsed. */
function collapsed(more: Partial<Observation> = {}): WatchState {
  const random = randomFrom(1);
  const calm = after(newWatch(), 300, () => spoken(random, 0.8, more));
  return after(calm, 100, () => spoken(random, 0.1, more));
}

describe("the watch", () => {
  it("tells of a collapsed model, and is careful meanwhile", ({ expect }) => {
    const state = collapsed();
    expect(alarmsIn(state, 1_000)).toEqual([`model:${MODEL}`]);
    const news = newsOf(state, 1_000);
    expect([Object.keys(news.shifts), news.caution, news.halted]).toEqual([[MODEL], 0.02, []]);
    expect(news.shifts[MODEL]).toBeLessThan(-0.4);
    expect(newsOf(state, 30 * 24 * 3_600_000)).toEqual({ halted: [], shifts: {}, caution: 0 });
  });

  it("is more careful the more kinds of alarms there are, and never more than so much", ({
    expect,
  }) => {
    const state = collapsed({ quality: 0.9, isCertified: true });
    expect(alarmsIn(state, 1_000)).toEqual([`model:${MODEL}`, "certificate"]);
    expect(newsOf(state, 1_000).caution).toBeCloseTo(0.07, 12);
    const prompts = { ...state.prompts, isAlarm: true };
    const alarm = { sum: 10, weight: 20, sinceMs: 0, atMs: 1_000 };
    const all = { ...state, prompts, novelty: { ...state.novelty, alarm } };
    expect(newsOf(all, 1_000).caution).toBe(0.1);
  });

  it("takes in that somebody spoke of a request once", ({ expect }) => {
    const [first, later] = [told(), madeUpObservation({ isFirst: false, isSpoken: true })];
    let state = watch(newWatch(), { ...first, id: later.id });
    expect([isNewWord(state, first), isNewWord(state, later)]).toEqual([false, true]);
    for (let n = 0; n < 3; n++) state = watch(state, later);
    expect(isNewWord(state, later)).toBe(false);
    expect(isNewWord(state, { ...later, tenant: "other" })).toBe(true);
    const { words, faults } = state.arms[MODEL]!;
    expect([words.baseline.weight, faults.baseline.weight]).toEqual([0.1, 1]);
  });

  it("follows the release that serves, and not one that a few are pinned to", ({ expect }) => {
    const state = collapsed();
    const pinned = after(state, 300, (n) => told({ weights: n % 3 === 0 ? NEW : OLD }));
    expect([pinned.followed.weights, alarmsIn(pinned, 1_000).length]).toEqual([OLD, 1]);
    const released = after(pinned, 250, () => told({ weights: NEW }));
    expect(released.followed.weights).toBe(NEW);
    expect(released.spoken).toEqual(state.spoken);
    expect(released.arms[MODEL]!.faults.baseline.weight).toBeGreaterThan(300);
  });

  it("keeps a model's alarm under another release until that is seen to know better", ({
    expect,
  }) => {
    const random = randomFrom(4);
    const released = after(collapsed(), 250, () => told({ weights: NEW }));
    expect(alarmsIn(released, 1_000)).toEqual([`model:${MODEL}`]);
    const better = after(released, 60, () => spoken(random, 0.1, { weights: NEW, score: 0.1 }));
    expect(alarmsIn(better, 1_000)).toEqual([]);
    const same = after(released, 30, () => spoken(random, 0.1, { weights: NEW }));
    expect(newsOf(same, 1_000).shifts[MODEL]).toBeLessThan(-0.5);
  });

  it("tells a candidate's requests to its trial alone, and ends a bad trial", ({ expect }) => {
    const random = randomFrom(2);
    const state = after(newWatch(OLD), 400, (n) => {
      const side = n % 2 === 0 ? ("candidate" as const) : ("incumbent" as const);
      const weights = side === "candidate" ? NEW : OLD;
      return spoken(random, side === "candidate" ? 0.1 : 0.9, {
        weights,
        trial: { serial: 7, side },
      });
    });
    expect(state.followed.weights).toBe(OLD);
    expect(state.halted).toEqual([{ serial: 7, why: expect.stringMatching(/^reward: /) }]);
    expect(newsOf(state, 1_000).halted).toEqual(state.halted);
    expect(state.arms[MODEL]!.faults.baseline.weight).toBeLessThan(200.1);
  });

  it("ends a trial for an operator, once, and remembers the latest trials", ({ expect }) => {
    const twice = halt(halt(newWatch(), 3, "no"), 3, "never");
    expect(twice.halted).toEqual([{ serial: 3, why: "no" }]);
    const state = after(twice, 20, (serial) =>
      told({ atMs: serial, trial: { serial, side: "incumbent" } }),
    );
    expect(Object.keys(state.trials)).toEqual(["12", "13", "14", "15", "16", "17", "18", "19"]);
  });

  it("knows what the followed release was trained on as soon as it is told", ({ expect }) => {
    const shares = evenShares(10);
    expect(teach(newWatch(OLD), NEW, { shares, novelty: 0.1 })).toEqual(newWatch(OLD));
    const taught = teach(newWatch(OLD), OLD, { shares, novelty: 0.1 });
    expect(teach(taught, OLD, { shares, novelty: 0.5 })).toBe(taught);
    const random = randomFrom(3);
    const calm = after(taught, 500, () => told({ deciles: digits(random, 10), novelty: 0.12 }));
    expect(alarmsIn(calm, 1_000)).toEqual([]);
    const strange = after(calm, 500, () => told({ deciles: digits(random, 3), novelty: 0.4 }));
    expect(alarmsIn(strange, 1_000)).toEqual(["prompts", "novelty"]);
    expect(newsOf(strange, 1_000).caution).toBeCloseTo(0.04, 12);
  });

  it("goes on from JSON as if it had never been written", ({ expect }) => {
    const state = collapsed({ trial: { serial: 1, side: "incumbent" }, novelty: 0.5 });
    expect(watchStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
    expect(watchStateSchema.parse(JSON.parse(JSON.stringify(newWatch())))).toEqual(newWatch());
  });
});

function digits(random: Random, most: number): string {
  return Array.from({ length: 10 }, () => Math.floor(most * random())).join("");
}
