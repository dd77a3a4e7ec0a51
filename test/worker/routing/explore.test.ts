/** What is drawn in the preferred model's place: how often, what never, and that the log can weigh it afterwards. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Candidate, Decision } from "../../../worker/domain/decision.ts";
import { explorationSchema, type Exploration } from "../../../worker/domain/event.ts";
import { policySchema, PRESETS } from "../../../worker/domain/policy.ts";
import { decide } from "../../../worker/routing/decide.ts";
import { explore, propensitiesOf } from "../../../worker/routing/explore.ts";

function candidate(model: string, score: number, costMicroUsd: number): Candidate {
  return {
    model,
    score,
    standing: score,
    outputTokensP50: 100,
    costP50MicroUsd: costMicroUsd,
    costP90MicroUsd: 2 * costMicroUsd,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
  };
}

const CHEAP = candidate("a/cheap", 0.7, 100);
const GOOD = candidate("b/good", 0.8, 200);
const DEAR = candidate("c/dear", 0.9, 10_000);
const TERMS = explorationSchema.parse({});

function decided(candidates: readonly Candidate[], fields: Record<string, unknown> = {}): Decision {
  const decision = decide({ candidates, excluded: [], policy: policySchema.parse(fields) });
  if (!("reason" in decision)) throw new Error("nobody can serve");
  return decision;
}

function draw(decision: Decision, unit: number, terms: Partial<Exploration> = {}) {
  return explore(decision, { ...TERMS, ...terms, policy: policySchema.parse({}), unit });
}

const candidates = fc
  .uniqueArray(
    fc.record({
      name: fc.nat(20),
      score: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      cost: fc.integer({ min: 0, max: 100_000 }),
    }),
    { minLength: 1, maxLength: 8, selector: ({ name }) => name },
  )
  .map((list) =>
    list.map(({ name, score, cost }) => candidate(`v${name % 3}/m${name}`, score, cost)),
  );

const units = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

describe("exploring", () => {
  it("draws by propensities that sum to 1, and tries nothing that is too dear", ({ expect }) => {
    const knobs = fc.record({
      preset: fc.constantFrom(...PRESETS),
      sharpness: fc.double({ min: 0, max: 1_000, noNaN: true }),
      floor: fc.double({ min: 0, max: 0.2, noNaN: true }),
      max_cost_ratio: fc.double({ min: 1, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(candidates, knobs, units, (list, { preset, ...terms }, unit) => {
        const policy = policySchema.parse({ preset });
        const decision = decided(list, { preset });
        const drawn = explore(decision, { ...terms, policy, unit });
        const sum = [...drawn.propensities.values()].reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(1, 9);
        const first = drawn.attempts[0]!;
        expect(drawn.propensities.get(first.model)).toBeGreaterThan(0);
        const preferred = decision.attempts[0]!;
        const limit = Math.max(preferred.costP50MicroUsd, 1) * terms.max_cost_ratio;
        const cheapest = Math.min(...list.map(({ costP50MicroUsd }) => costP50MicroUsd));
        expect(first.costP50MicroUsd).toBeLessThanOrEqual(Math.max(limit, cheapest) * (1 + 1e-9));
        expect(new Set(drawn.attempts).size).toBe(drawn.attempts.length);
        if (first !== preferred) {
          expect(drawn.reason).toBe("explored");
          expect(drawn.attempts[1]).toBe(preferred);
        } else expect(drawn).toMatchObject({ ...decision });
      }),
    );
  });

  it("draws as often as it says", ({ expect }) => {
    const decision = decided([CHEAP, GOOD, DEAR]);
    const terms = { sharpness: 20, floor: 0.05, max_cost_ratio: 1_000 };
    const counts = new Map<string, number>();
    const draws = 10_000;
    for (let i = 0; i < draws; i++) {
      const { model } = draw(decision, (i + 0.5) / draws, terms).attempts[0]!;
      counts.set(model, (counts.get(model) ?? 0) + 1);
    }
    const { propensities } = draw(decision, 0, terms);
    expect(counts.size).toBe(3);
    for (const [model, p] of propensities) expect(counts.get(model)! / draws).toBeCloseTo(p, 3);
  });

  it("leaves what is dearer than the ratio alone", ({ expect }) => {
    const decision = decided([CHEAP, GOOD, DEAR], { preset: "cost" });
    const { propensities } = draw(decision, 0, { max_cost_ratio: 3 });
    expect(propensities.get("c/dear")).toBe(0);
    expect(propensities.get("b/good")).toBeGreaterThan(0);
  });

  it("tries nothing below a quality floor but the reference", ({ expect }) => {
    const decision = decided([CHEAP, GOOD, DEAR], { quality: 0.85 });
    const { propensities } = draw(decision, 0, { floor: 0.2, max_cost_ratio: 1_000 });
    expect([...propensities.keys()]).toEqual(["b/good", "c/dear"]);
  });

  it("is certain where nothing was drawn", ({ expect }) => {
    expect([...propensitiesOf(decided([CHEAP, GOOD]))]).toEqual([["b/good", 1]]);
  });
});
