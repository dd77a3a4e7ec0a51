/**
 * What every decision keeps to, whatever the candidates: properties first, then one case for each rule
 * that can be told as a story.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type {
  Candidate,
  Decision,
  Excluded,
  NoCandidate,
} from "../../../worker/domain/decision.ts";
import { policySchema, PRESETS, type Policy } from "../../../worker/domain/policy.ts";
import { vendorOf } from "../../../worker/domain/upstream.ts";
import { decide, offersOf } from "../../../worker/routing/decide.ts";
import { upperHull } from "../../../worker/routing/hull.ts";
import { DEAREST_MONEY } from "../../../worker/routing/pace.ts";

/** Few values, so that ties are common. */
const score = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((tenths) => tenths / 10),
  fc.double({ min: 0.001, max: 0.999, noNaN: true }),
);
const amount = fc.oneof(fc.nat(5), fc.nat(1_000_000));

const candidates: fc.Arbitrary<Candidate[]> = fc.uniqueArray(
  fc.record({
    model: fc
      .tuple(fc.constantFrom("acme", "bolt", "crux"), fc.nat(9))
      .map(([vendor, n]) => `${vendor}/m${n}`),
    score,
    standing: fc.integer({ min: -3, max: 3 }),
    outputTokensP50: fc.integer({ min: 1, max: 4_000 }),
    costP50MicroUsd: amount,
    costP90MicroUsd: amount,
    ttftMs: fc.nat(2_000),
    ttftP90Ms: fc.nat(4_000),
    latencyMs: fc.nat(60_000),
    latencyP90Ms: fc.nat(120_000),
  }),
  { maxLength: 14, selector: (one) => one.model },
);

const policy: fc.Arbitrary<Policy> = fc
  .record(
    {
      preset: fc.constantFrom(...PRESETS),
      quality: fc.double({ min: 0, max: 1, noNaN: true }),
      max_cost_usd: fc.integer({ min: 1, max: 1_000_000 }).map((microUsd) => microUsd / 1e6),
      max_latency_ms: fc.integer({ min: 1, max: 60_000 }),
    },
    { requiredKeys: ["preset"] },
  )
  .map((given) => policySchema.parse(given));

function decideFor(
  given: readonly Candidate[],
  changes: Partial<Policy> = {},
  excluded: readonly Excluded[] = [],
): Decision | NoCandidate {
  return decide({ candidates: given, excluded, policy: { ...policySchema.parse({}), ...changes } });
}

function isDecision(outcome: Decision | NoCandidate): outcome is Decision {
  return outcome.attempts.length > 0;
}

/** The decision, which there must be. */
function made(outcome: Decision | NoCandidate): Decision {
  if (isDecision(outcome)) return outcome;
  throw new Error("There is no candidate");
}

function model(id: string, more: Partial<Candidate> = {}): Candidate {
  return {
    model: id,
    score: 0.5,
    standing: 0,
    outputTokensP50: 100,
    costP50MicroUsd: 100,
    costP90MicroUsd: 200,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
    ...more,
  };
}

function cornersOf(given: readonly Candidate[]): { cost: number; quality: number }[] {
  return upperHull(given.map(({ costP50MicroUsd: cost, score: quality }) => ({ cost, quality })));
}

describe("decide, for any candidates and any policy", () => {
  it("accounts for every model once: among the candidates or among the excluded", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const before: Excluded[] = [{ model: "gone/away", why: "lacks_tools" }];
        const outcome = decide({ candidates: given, excluded: before, policy: asked });
        const kept = isDecision(outcome) ? outcome.candidates.map(({ model: id }) => id) : [];
        const dropped = outcome.excluded.map(({ model: id }) => id);
        expect([...kept, ...dropped].toSorted()).toEqual(
          [...given.map(({ model: id }) => id), "gone/away"].toSorted(),
        );
        expect(outcome.excluded[0]).toEqual(before[0]);
      }),
    );
  });

  it("makes one to four attempts, no model twice, each one a candidate", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const outcome = decideFor(given, asked);
        if (!isDecision(outcome)) return;
        const { attempts, candidates: ranked } = outcome;
        expect(attempts.length).toBe(Math.min(4, ranked.length));
        expect(new Set(attempts).size).toBe(attempts.length);
        expect(attempts.every((attempt) => ranked.includes(attempt))).toBe(true);
        expect(attempts[0]).toBe(ranked[0]);
      }),
    );
  });

  it("tries a corner of the hull first", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const outcome = decideFor(given, asked);
        if (!isDecision(outcome)) return;
        const [first] = outcome.attempts;
        expect(cornersOf(outcome.candidates)).toContainEqual({
          cost: first!.costP50MicroUsd,
          quality: first!.score,
        });
      }),
    );
  });

  it("keeps the limits, and says of each model left out which one it breaks", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const outcome = decideFor(given, asked);
        const maxCost = Math.round((asked.max_cost_usd ?? Infinity) * 1e6);
        const maxLatency = asked.max_latency_ms ?? Infinity;
        const reasons = new Map(outcome.excluded.map(({ model: id, why }) => [id, why]));
        for (const { model: id, costP90MicroUsd, latencyP90Ms } of given) {
          const isTooDear = costP90MicroUsd > maxCost;
          const why = isTooDear
            ? "too_expensive"
            : latencyP90Ms > maxLatency
              ? "too_slow"
              : undefined;
          expect(reasons.get(id)).toBe(why);
        }
      }),
    );
  });

  it("keeps a floor that some candidate keeps, by the cheapest corner above it", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const outcome = decideFor(given, asked);
        if (!isDecision(outcome) || asked.quality === undefined) return;
        const { floor, reason, attempts, reference, candidates: ranked } = outcome;
        expect(floor).toBe(asked.quality * reference.score);
        const isReachable = ranked.some((candidate) => candidate.score >= floor!);
        expect(reason).toBe(isReachable ? "cheapest_above_floor" : "floor_unreachable");
        const cheapest = cornersOf(ranked).find(({ quality }) => quality >= floor!);
        const wanted = cheapest?.cost ?? cornersOf(ranked).at(-1)!.cost;
        expect(attempts[0]!.costP50MicroUsd).toBe(wanted);
        expect(attempts[0]!.score >= floor!).toBe(isReachable);
      }),
    );
  });

  it("takes the corner of highest utility where neither floor nor time counts", ({ expect }) => {
    const presets = fc.constantFrom("cost" as const, "balanced" as const, "quality" as const);
    fc.assert(
      fc.property(candidates, presets, (given, preset) => {
        const outcome = decideFor(given, { preset });
        if (!isDecision(outcome)) return;
        const { reference, attempts, lambda } = outcome;
        const [first] = attempts;
        function utility(one: { cost: number; quality: number }): number {
          return one.quality - (lambda * one.cost) / Math.max(reference.costP50MicroUsd, 1);
        }
        const best = Math.max(...cornersOf(given).map(utility));
        expect(utility({ cost: first!.costP50MicroUsd, quality: first!.score })).toBeCloseTo(
          best,
          9,
        );
        expect(lambda).toBeGreaterThan(0);
      }),
    );
  });

  it("takes money's price for λ: on the hull, and as its preset would with that λ", ({
    expect,
  }) => {
    const prices = fc.oneof(
      fc.constantFrom(0, DEAREST_MONEY),
      fc.double({ min: 0, max: DEAREST_MONEY, noNaN: true }),
    );
    fc.assert(
      fc.property(candidates, policy, prices, (given, asked, qualityPerUsd) => {
        const { quality: _, ...open } = asked;
        const outcome = decide({ candidates: given, excluded: [], policy: open, qualityPerUsd });
        if (!isDecision(outcome)) return;
        const { attempts, candidates: ranked, reference, lambda } = outcome;
        expect(outcome.qualityPerUsd).toBe(qualityPerUsd);
        expect(lambda).toBeCloseTo(
          (qualityPerUsd * Math.max(reference.costP50MicroUsd, 1)) / 1e6,
          6,
        );
        const chosen = { cost: attempts[0]!.costP50MicroUsd, quality: attempts[0]!.score };
        const corners = cornersOf(ranked);
        expect(corners).toContainEqual(chosen);
        if (qualityPerUsd === DEAREST_MONEY && open.preset !== "fast")
          expect(chosen).toEqual(corners[0]);
        if (qualityPerUsd === 0 && open.preset !== "fast") expect(chosen).toEqual(corners.at(-1));
      }),
    );
  });

  it("lets a request hold no more than its pace does, unless nobody keeps to that or a floor is asked for", ({
    expect,
  }) => {
    const pace = fc.record({ qualityPerUsd: fc.nat(1_000), mostMicroUsd: fc.nat(1_000_000) });
    fc.assert(
      fc.property(candidates, policy, pace, (given, asked, { qualityPerUsd, mostMicroUsd }) => {
        const input = { candidates: given, excluded: [], policy: asked, qualityPerUsd };
        const [free, held] = [decide(input), decide({ ...input, mostMicroUsd })];
        expect(isDecision(held)).toBe(isDecision(free));
        if (!isDecision(free) || !isDecision(held)) return;
        const [fitting, beyond] = [true, false].map((fits) =>
          free.candidates.filter((one) => one.costP90MicroUsd <= mostMicroUsd === fits),
        );
        expect(held).toMatchObject({ mostMicroUsd, reference: free.reference });
        if (fitting!.length === 0 || asked.quality !== undefined) {
          expect(held).toEqual({ ...free, mostMicroUsd });
          return;
        }
        expect(new Set(held.candidates)).toEqual(new Set(fitting));
        const barred = beyond!.map((one) => ({ model: one.model, why: "too_expensive" }));
        expect(held.excluded).toEqual(expect.arrayContaining(barred));
        expect(held.excluded).toHaveLength(free.excluded.length + barred.length);
      }),
    );
  });

  it("offers what it would take at any price of money", ({ expect }) => {
    const prices = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(candidates, policy, prices, (given, asked, qualityPerUsd) => {
        const before = decide({ candidates: given, excluded: [], policy: asked });
        const after = decide({ candidates: given, excluded: [], policy: asked, qualityPerUsd });
        if (!isDecision(before) || !isDecision(after)) return;
        const offers = offersOf(before, asked);
        function utility({ cost, quality }: { cost: number; quality: number }): number {
          return quality - (qualityPerUsd * cost) / 1e6;
        }
        const best = Math.max(...offers.map(utility));
        const taken = offersOf({ ...after, reason: "pinned" }, asked)[0]!;
        if (asked.quality === undefined) expect(utility(taken)).toBeCloseTo(best, 9);
        else expect(offers).toEqual([taken]);
      }),
    );
  });

  it("never pays more when money counts for more", ({ expect }) => {
    fc.assert(
      fc.property(candidates, (given) => {
        const costs = (["quality", "balanced", "cost"] as const).map((preset) => {
          const outcome = decideFor(given, { preset });
          return isDecision(outcome) ? outcome.attempts[0]!.costP50MicroUsd : 0;
        });
        expect(costs[1]!).toBeLessThanOrEqual(costs[0]!);
        expect(costs[2]!).toBeLessThanOrEqual(costs[1]!);
      }),
    );
  });

  it("never pays less for a higher floor that can be kept", ({ expect }) => {
    fc.assert(
      fc.property(candidates, fc.double({ min: 0, max: 1, noNaN: true }), (given, quality) => {
        const [lower, higher] = [decideFor(given, { quality }), decideFor(given, { quality: 1 })];
        if (!isDecision(lower) || !isDecision(higher)) return;
        expect(lower.attempts[0]!.costP50MicroUsd).toBeLessThanOrEqual(
          higher.attempts[0]!.costP50MicroUsd,
        );
      }),
    );
  });

  it("prefers, among fallbacks, those that keep the floor", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const outcome = decideFor(given, asked);
        if (!isDecision(outcome) || outcome.floor === undefined) return;
        const { floor } = outcome;
        const keeps = outcome.candidates.slice(1).map((candidate) => candidate.score >= floor);
        expect(keeps).toEqual(keeps.toSorted((a, b) => Number(b) - Number(a)));
      }),
    );
  });

  it("turns to another vendor first, when there is one", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const outcome = decideFor(given, asked);
        if (!isDecision(outcome)) return;
        const [first, second] = outcome.attempts;
        const vendors = new Set(outcome.candidates.map(({ model: id }) => vendorOf(id)));
        if (vendors.size > 1) expect(vendorOf(second!.model)).not.toBe(vendorOf(first!.model));
      }),
    );
  });

  it("does not depend on the order of the candidates", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, fc.integer(), (given, asked, seed) => {
        const shuffled = given.toSorted(
          (a, b) => rank(a.model, seed) - rank(b.model, seed) || (a.model < b.model ? -1 : 1),
        );
        const [one, two] = [decideFor(given, asked), decideFor(shuffled, asked)];
        expect(two.attempts).toEqual(one.attempts);
        if (isDecision(one) && isDecision(two)) {
          expect(two.candidates).toEqual(one.candidates);
          expect(two.reference).toEqual(one.reference);
        }
      }),
    );
  });

  it("leaves its input as it was", ({ expect }) => {
    fc.assert(
      fc.property(candidates, policy, (given, asked) => {
        const copy = structuredClone(given);
        decideFor(given, asked);
        expect(given).toEqual(copy);
      }),
    );
  });
});

/** Some order of ids that `seed` decides. */
function rank(id: string, seed: number): number {
  return id.split("").reduce((h, letter) => Math.imul(h ^ letter.charCodeAt(0), 0x01000193), seed);
}

describe("decide, told as cases", () => {
  const cheap = model("acme/cheap", { score: 0.6, costP50MicroUsd: 10, costP90MicroUsd: 20 });
  const middle = model("bolt/middle", { score: 0.85, standing: 1, costP50MicroUsd: 100 });
  const strong = model("acme/strong", { score: 0.9, standing: 2, costP50MicroUsd: 1_000 });
  const all = [strong, cheap, middle];

  function firstOf(changes: Partial<Policy>, given: readonly Candidate[] = all): string {
    return made(decideFor(given, changes)).attempts[0]!.model;
  }

  it("answers that nobody is left, and why", ({ expect }) => {
    expect(decideFor([])).toEqual({ attempts: [], excluded: [] });
    const excluded: Excluded[] = [{ model: "a/b", why: "no_vendor_key" }];
    expect(decideFor([cheap], { max_cost_usd: 0.000001 }, excluded)).toEqual({
      attempts: [],
      excluded: [...excluded, { model: "acme/cheap", why: "too_expensive" }],
    });
  });

  it("says so when there is no choice", ({ expect }) => {
    expect(decideFor([middle])).toMatchObject({ reason: "only_candidate", attempts: [middle] });
    expect(decideFor(all, { max_cost_usd: 0.00002 })).toMatchObject({
      reason: "only_candidate",
      excluded: [
        { model: "acme/strong", why: "too_expensive" },
        { model: "bolt/middle", why: "too_expensive" },
      ],
    });
  });

  it("gives each preset its choice", ({ expect }) => {
    expect(firstOf({ preset: "quality" })).toBe("acme/strong");
    expect(firstOf({ preset: "balanced" })).toBe("bolt/middle");
    expect(firstOf({ preset: "cost" })).toBe("bolt/middle");
    const better = { ...strong, score: 0.7 };
    expect(firstOf({ preset: "balanced" }, [cheap, better])).toBe("acme/strong");
    expect(firstOf({ preset: "cost" }, [cheap, better])).toBe("acme/cheap");
  });

  it("lets the fast preset pay for time", ({ expect }) => {
    const slow = { ...strong, latencyMs: 60_000 };
    const quick = model("crux/quick", {
      score: 0.7,
      costP50MicroUsd: 90,
      latencyMs: 300,
    });
    expect(firstOf({ preset: "quality" }, [slow, quick])).toBe("acme/strong");
    expect(firstOf({ preset: "fast" }, [slow, quick])).toBe("crux/quick");
  });

  it("states floors against the model of the highest standing, even one beyond the limits", ({
    expect,
  }) => {
    const decision = made(decideFor(all, { quality: 0.5, max_cost_usd: 0.0002 }));
    expect(decision.reference).toEqual(strong);
    expect(decision.floor).toBeCloseTo(0.45, 12);
    expect(decision.attempts[0]).toEqual(cheap);
    expect(decision.excluded).toEqual([]);
    const tight = made(decideFor(all, { quality: 0.5, max_cost_usd: 0.0001 }));
    expect(tight.reference).toEqual(strong);
    expect(tight.candidates).toEqual([cheap]);
  });

  it("takes the best where the floor is out of reach", ({ expect }) => {
    const weakened = [cheap, middle, { ...strong, score: 0.7 }];
    const outcome = made(decideFor(weakened, { quality: 1 }));
    expect(outcome).toMatchObject({ reason: "cheapest_above_floor", floor: 0.7 });
    const dear = { ...strong, costP90MicroUsd: 9_000 };
    const unreachable = made(decideFor([cheap, middle, dear], { quality: 1, max_cost_usd: 0.001 }));
    expect(unreachable).toMatchObject({ reason: "floor_unreachable", floor: 0.9 });
    expect(unreachable.attempts[0]).toEqual(middle);
  });

  it("obeys the floor whatever the preset", ({ expect }) => {
    for (const preset of PRESETS) expect(firstOf({ preset, quality: 0.85 })).toBe("bolt/middle");
  });

  it("leaves a model below the hull to the end of the line, however good", ({ expect }) => {
    const dented = model("crux/dented", { score: 0.86, costP50MicroUsd: 900 });
    for (const preset of PRESETS)
      expect(firstOf({ preset }, [...all, dented])).not.toBe("crux/dented");
    expect(firstOf({ quality: 0.95 }, [...all, dented])).toBe("acme/strong");
  });

  it("breaks ties by cost, then by name", ({ expect }) => {
    const [a, b] = [model("acme/a"), model("acme/b")];
    expect(firstOf({}, [b, a])).toBe("acme/a");
    const cheaper = { ...b, costP50MicroUsd: 99 };
    expect(firstOf({}, [cheaper, a])).toBe("acme/b");
    const references = [
      [b, a],
      [a, b],
    ].map((given) => made(decideFor(given)).reference.model);
    expect(references).toEqual(["acme/a", "acme/a"]);
  });

  it("takes a limit to the micro-dollar", ({ expect }) => {
    for (let costP90MicroUsd = 1; costP90MicroUsd < 3_000; costP90MicroUsd++) {
      const one = model("acme/one", { costP90MicroUsd });
      const limit = Number((costP90MicroUsd / 1e6).toFixed(6));
      expect(decideFor([one], { max_cost_usd: limit }).attempts).toHaveLength(1);
      const tight = (costP90MicroUsd - 0.5) / 1e6;
      expect(decideFor([one], { max_cost_usd: tight }).attempts).toHaveLength(0);
    }
  });

  it("falls back on a chain of four at most, other vendors early", ({ expect }) => {
    const many = ["a", "b", "c", "d", "e"].map((name, i) =>
      model(`acme/${name}`, { score: 0.9 - i / 100 }),
    );
    const stranger = model("bolt/z", { score: 0.1 });
    const { attempts, candidates: ranked } = made(decideFor([...many, stranger]));
    expect(attempts.map(({ model: id }) => id)).toEqual(["acme/a", "bolt/z", "acme/b", "acme/c"]);
    expect(ranked.map(({ model: id }) => id)).toEqual([
      "acme/a",
      "acme/b",
      "acme/c",
      "acme/d",
      "acme/e",
      "bolt/z",
    ]);
  });

  it("works where everything is free and instant", ({ expect }) => {
    const free = { costP50MicroUsd: 0, costP90MicroUsd: 0, latencyMs: 0, ttftMs: 0 };
    const given = [model("a/a", { ...free, score: 0.4 }), model("b/b", { ...free, score: 0.6 })];
    for (const preset of PRESETS) expect(firstOf({ preset }, given)).toBe("b/b");
  });
});
