/** Rules by hand: what each serves, what the plug-in learns, and how requests are counted under them. */
import { describe, it } from "vitest";
import { play, type Arrival } from "../../../../scripts/evaluation/cache/requests.ts";
import {
  ALWAYS,
  NEVER,
  PLUG_IN,
  thresholdRule,
  type Audit,
  type Rule,
} from "../../../../scripts/evaluation/cache/rules.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

function arrival(similarity: number, change: Partial<Arrival> = {}): Arrival {
  const plain = { isRight: true, isLabelled: true, isRefused: false, isAnswerable: true };
  return { similarity, entry: 0, ...plain, ...change };
}

const TERMS = { guarded: true, budget: 0.01, random: randomFrom(1) };

describe("rules", () => {
  it("never, always, and from a threshold on", ({ expect }) => {
    const near = { similarity: 0.9, entry: 0 };
    expect(NEVER.start(0.01).verdict(near).serve).toBe(false);
    expect(ALWAYS.start(0.01).verdict(near).serve).toBe(true);
    expect(thresholdRule(0.9).start(0.01).verdict(near).serve).toBe(true);
    expect(thresholdRule(0.91).start(0.01).verdict(near).serve).toBe(false);
    expect(thresholdRule(0.9).name).toBe("threshold 0.90");
  });

  it("the plug-in serves what has not been wrong, weighed by how likely it was to be told", ({
    expect,
  }) => {
    const course = PLUG_IN.start(0.1);
    function tell(similarity: number, isRight: boolean, probability = 1): void {
      const audit: Audit = { similarity, entry: 0, isRight, wasServed: false, probability };
      course.observe(audit);
    }
    function serves(similarity: number): boolean {
      return course.verdict({ similarity, entry: 0 }).serve;
    }
    expect(serves(1)).toBe(false);
    tell(0.9, true);
    expect([serves(0.85), serves(0.9), serves(0.95)]).toEqual([true, true, false]);
    tell(0.8, false);
    expect([serves(0.8), serves(0.9)]).toEqual([false, true]);
    tell(0.95, true, 0.125); // Stands for eight: one wrong of ten.
    expect(serves(0.8)).toBe(true);
    tell(-0.5, false);
    expect(serves(-1)).toBe(false);
  });
});

describe("play", () => {
  it("counts hits, false ones, those nobody labelled, and what could have been answered", ({
    expect,
  }) => {
    const arrivals = [
      arrival(0.9),
      arrival(0.9, { isRight: false, isAnswerable: false }),
      arrival(0.9, { isRight: false, isLabelled: false }),
      arrival(0.9, { isRefused: true }),
      arrival(0.1),
    ];
    const played = { requests: 5, answerable: 4, audits: 0, unlabelled: 1, falseHits: 2 };
    const rule = thresholdRule(0.5);
    expect(play(arrivals, { ...TERMS, rule })).toEqual({ ...played, hits: 3 });
    const open = play(arrivals, { ...TERMS, rule, guarded: false });
    expect(open).toEqual({ ...played, hits: 4 });
  });

  it("tells a rule of every miss, of hits by its share, and of no refusal", ({ expect }) => {
    const told: Audit[] = [];
    const rule: Rule = {
      name: "listener",
      start: () => ({
        verdict: ({ similarity }) => ({ serve: similarity > 0.5, audit: 0.25 }),
        observe: (audit) => told.push(audit),
      }),
    };
    const arrivals = [
      ...Array.from({ length: 400 }, (_, entry) => arrival(0.9, { entry })),
      arrival(0.1, { isRight: false, entry: 7 }),
      arrival(0.1, { isRefused: true }),
    ];
    const { audits, hits } = play(arrivals, { ...TERMS, rule });
    expect(hits).toBe(400);
    expect(told.at(-1)).toEqual({
      similarity: 0.1,
      entry: 7,
      isRight: false,
      wasServed: false,
      probability: 1,
    });
    const ofHits = told.filter(({ wasServed }) => wasServed);
    expect(ofHits).toHaveLength(audits);
    expect(told).toHaveLength(audits + 1);
    expect(ofHits.every(({ probability }) => probability === 0.25)).toBe(true);
    expect(audits).toBeGreaterThan(60);
    expect(audits).toBeLessThan(140);
  });
});
