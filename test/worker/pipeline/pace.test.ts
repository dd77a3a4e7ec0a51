/** Decisions at the price of paced budgets: what decides, what is learnt, and that they can be replayed. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Candidate, Decision, NoCandidate } from "../../../worker/domain/decision.ts";
import { policySchema } from "../../../worker/domain/policy.ts";
import type { PacedBudget } from "../../../worker/domain/standing.ts";
import { decideAtPace, learnCost, observeNamed, paceOf } from "../../../worker/pipeline/pace.ts";
import { decide } from "../../../worker/routing/decide.ts";
import { PaceBook } from "../../../worker/routing/pace.ts";

function candidate(model: string, score: number, costP50MicroUsd: number): Candidate {
  return {
    model,
    score,
    standing: score,
    outputTokensP50: 100,
    costP50MicroUsd,
    costP90MicroUsd: 4 * costP50MicroUsd,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
  };
}

const [CHEAP, DEAR] = [candidate("groq/tiny", 0.5, 20), candidate("openai/large", 0.95, 4_000)];
const INPUT = {
  candidates: [CHEAP, DEAR],
  excluded: [],
  policy: policySchema.parse({ preset: "quality" }),
};

function budget(remainingMicroUsd: number, account = "acme tenant:shop/usd/day"): PacedBudget {
  return { account, remainingMicroUsd, requests: 10, elapsedMs: 3_600_000, leftMs: 82_800_000 };
}

function priceOf(paced: readonly PacedBudget[], book: PaceBook): number | undefined {
  return paceOf(paced, book)?.qualityPerUsd;
}

function decisionOf(made: Decision | NoCandidate): Decision {
  if ("reason" in made) return made;
  throw new Error("Nobody could serve");
}

describe("a decision", () => {
  it("is the open one without paced budgets", ({ expect }) => {
    const book = new PaceBook();
    expect(decideAtPace(INPUT, { paced: [], book, isDry: false })).toEqual(decide(INPUT));
  });

  it("has the price of its budget, and is the same again from what it recorded", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000_000 }), { minLength: 1, maxLength: 4 }),
        fc.array(
          fc.tuple(
            fc.double({ min: 0.01, max: 0.99, noNaN: true }),
            fc.integer({ min: 1, max: 100_000 }),
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        (remaining, models) => {
          const candidates = models.map(([score, cost], at) => candidate(`v/m${at}`, score, cost));
          const input = { ...INPUT, candidates };
          const paced = remaining.map((microUsd, at) => budget(microUsd, `acme ${at}`));
          const made = decisionOf(
            decideAtPace(input, { paced, book: new PaceBook(), isDry: false }),
          );
          const { qualityPerUsd, mostMicroUsd } = made;
          expect(qualityPerUsd).toBeGreaterThanOrEqual(0);
          expect(mostMicroUsd).toBeLessThanOrEqual(Math.min(...remaining) / 2);
          const recorded = JSON.stringify({ qualityPerUsd, mostMicroUsd });
          expect(decide({ ...input, ...JSON.parse(recorded) })).toEqual(made);
        },
      ),
    );
  });

  it("goes by the tightest of several", ({ expect }) => {
    const book = new PaceBook();
    const paced = [budget(1_000_000_000, "loose"), budget(1_000, "tight")];
    const made = decisionOf(decideAtPace(INPUT, { paced, book, isDry: false }));
    expect(made.attempts[0]).toBe(CHEAP);
    expect(made.qualityPerUsd).toBe(priceOf([paced[1]!], book));
    expect(priceOf([paced[0]!], book)).toBe(0);
  });

  it("that is dry teaches nothing, but has the price", ({ expect }) => {
    const book = new PaceBook();
    const paced = [budget(1_000)];
    const unseen = decisionOf(decideAtPace(INPUT, { paced, book, isDry: true }));
    expect(unseen).not.toHaveProperty("qualityPerUsd");
    expect(priceOf(paced, book)).toBeUndefined();
    decideAtPace(INPUT, { paced, book, isDry: false });
    const price = priceOf(paced, book);
    const seen = decisionOf(decideAtPace(INPUT, { paced, book, isDry: true }));
    expect(seen.qualityPerUsd).toBe(price);
    expect(priceOf(paced, book)).toBe(price);
  });

  it("among nobody stays the no that it is", ({ expect }) => {
    const book = new PaceBook();
    const pacing = { paced: [budget(1_000)], book, isDry: false };
    expect(decideAtPace({ ...INPUT, candidates: [] }, pacing)).toEqual({
      attempts: [],
      excluded: [],
    });
    expect(priceOf(pacing.paced, book)).toBeUndefined();
  });
});

describe("what is learnt", () => {
  it("of a model that was named is its cost, and of a dry run nothing", ({ expect }) => {
    const book = new PaceBook();
    const paced = [budget(1_000)];
    const named = decisionOf(decide({ ...INPUT, candidates: [DEAR] }));
    observeNamed(named, INPUT, { paced, book, isDry: true });
    expect(priceOf(paced, book)).toBeUndefined();
    observeNamed(named, INPUT, { paced, book, isDry: false });
    expect(priceOf(paced, book)).toBe(0); // No price makes it cheaper.
  });

  it("of bills above the forecast makes money dearer", ({ expect }) => {
    const paced = [budget(100_000)];
    function priceAfter(costMicroUsd: number): number {
      const book = new PaceBook();
      let sum = 0;
      for (let at = 0; at < 50; at++) {
        decideAtPace(INPUT, { paced, book, isDry: false });
        learnCost(paced, { candidate: DEAR, bill: { costMicroUsd } }, book);
        sum += priceOf(paced, book)!;
      }
      return sum;
    }
    expect(priceAfter(12_000)).toBeGreaterThan(priceAfter(4_000));
  });
});
