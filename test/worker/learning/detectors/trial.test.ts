/** Trials: a worse candidate is halted for what is worse, an equal one seldom, a good one is shown to be as good. */
import { describe, it } from "vitest";
import type { Observation } from "../../../../worker/domain/observation.ts";
import {
  ALPHA,
  COUNTS,
  isAsGood,
  newTrial,
  seeSide,
  standingOf,
  trialSchema,
  type Trial,
} from "../../../../worker/learning/detectors/trial.ts";
import { randomFrom, type Random } from "../../../../worker/lib/prng.ts";
import { madeUpObservation } from "./made-up-observation.ts";

interface Nature {
  readonly random: Random;
  /** Of the candidate's requests. */
  readonly share?: number;
  /** Probabilities by side: of an error, a good word, a slow answer. */
  readonly candidate?: Odds;
  readonly incumbent?: Odds;
}

interface Odds {
  readonly error?: number;
  readonly good?: number;
  readonly slow?: number;
  readonly costMicroUsd?: number;
}

function drawn(random: Random, { error = 0.02, good = 0.8, slow = 0.1, costMicroUsd = 200 }: Odds) {
  const more: Partial<Observation> = {
    ending: random() < error ? "failed" : "complete",
    reward: { value: random() < good ? 1 : 0, weight: 1 },
    durationMs: random() < slow ? 5_000 + 1_000 * random() : 1_000 + 1_000 * random(),
    costMicroUsd,
    savedMicroUsd: 1_000 - costMicroUsd,
    isSpoken: true,
  };
  return madeUpObservation(more);
}

function tried(
  count: number,
  { random, share = 0.5, candidate = {}, incumbent = {} }: Nature,
): Trial {
  let trial = newTrial();
  for (let n = 0; n < count && trial.halted === undefined; n++) {
    const side = random() < share ? "candidate" : "incumbent";
    const told = drawn(random, side === "candidate" ? candidate : incumbent);
    trial = seeSide(trial, told, { side, isNewWord: true });
  }
  return trial;
}

describe("a trial", () => {
  it.for([
    ["errors", { error: 0.4 }],
    ["latency", { slow: 0.7 }],
    ["cost", { costMicroUsd: 700 }],
    ["reward", { good: 0.3 }],
  ] as const)("is halted for %s", ([count, candidate], { expect }) => {
    const trial = tried(2_000, { random: randomFrom(1), candidate });
    expect(trial.halted).toMatch(
      new RegExp(`^${count}: 0\\.\\d+ against 0\\.\\d+ in \\d+ pairs, e-value \\d`),
    );
    expect(trial.requests.candidate).toBeLessThan(200);
    expect(trial[count].pairs).toBeGreaterThan(3);
  });

  it("of an equal candidate is halted less often than was promised", ({ expect }) => {
    const random = randomFrom(2);
    let halted = 0;
    for (let run = 0; run < 100; run++)
      if (tried(1_000, { random, share: 0.1 }).halted !== undefined) halted++;
    expect(halted / 100).toBeLessThanOrEqual(ALPHA);
  });

  it("of a candidate that is worse by the very margins is neither halted nor shown to be as good", ({
    expect,
  }) => {
    const random = randomFrom(3);
    const candidate = { error: 0.04, good: 0.75, slow: 0.2, costMicroUsd: 300 };
    let [halted, asGood] = [0, 0];
    for (let run = 0; run < 100; run++) {
      const trial = tried(1_000, { random, candidate });
      if (trial.halted !== undefined) halted++;
      const shown = COUNTS.filter((count) => standingOf(trial, count).asGood >= Math.log(20));
      if (shown.length > 0) asGood++;
    }
    expect(halted / 100).toBeLessThanOrEqual(2 * ALPHA);
    expect(asGood / 100).toBeLessThanOrEqual(4 * ALPHA);
  });

  it("shows a better candidate to be as good, and no worse one", ({ expect }) => {
    const random = randomFrom(4);
    const better = { error: 0, good: 0.95, slow: 0.02, costMicroUsd: 100 };
    expect(isAsGood(tried(3_000, { random, candidate: better }))).toBe(true);
    expect(isAsGood(tried(3_000, { random, candidate: { good: 0.6 } }))).toBe(false);
    expect(isAsGood(newTrial())).toBe(false);
  });

  it("counts what came first once, and words when they come", ({ expect }) => {
    let trial = newTrial();
    for (const side of ["candidate", "incumbent"] as const) {
      trial = seeSide(trial, madeUpObservation(), { side, isNewWord: false });
      const word = madeUpObservation({
        isFirst: false,
        isSpoken: true,
        reward: { value: 0.25, weight: 1 },
      });
      trial = seeSide(trial, word, { side, isNewWord: true });
      trial = seeSide(trial, word, { side, isNewWord: false });
    }
    expect(trial.requests).toEqual({ candidate: 1, incumbent: 1 });
    expect([trial.errors.pairs, trial.reward.pairs]).toEqual([1, 1]);
    expect(standingOf(trial, "reward")).toMatchObject({ candidate: 0.75, incumbent: 0.75 });
  });

  it("pairs each of the candidate's with one of the incumbent's that came later", ({ expect }) => {
    let trial = newTrial();
    for (const side of [
      "incumbent",
      "candidate",
      "candidate",
      "incumbent",
      "incumbent",
      "incumbent",
    ] as const)
      trial = seeSide(trial, madeUpObservation(), { side, isNewWord: false });
    expect([trial.errors.pairs, trial.errors.waiting]).toEqual([2, []]);
  });

  it("goes on from JSON as if it had never been written, and stays halted", ({ expect }) => {
    const trial = tried(300, { random: randomFrom(5) });
    expect(trialSchema.parse(JSON.parse(JSON.stringify(trial)))).toEqual(trial);
    const halted = { ...trial, halted: "operator" };
    expect(seeSide(halted, madeUpObservation(), { side: "candidate", isNewWord: true })).toBe(
      halted,
    );
  });
});
