/**
 * Quality floors in a decision: when a certificate rules, what it rules, and that a decision never calls
 * certified what was not tested.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { MARGINS } from "../../../router-models/certificate.ts";
import type { Certificate, CertifiedFloor } from "../../../router-models/manifest.ts";
import type { Candidate, Decision } from "../../../worker/domain/decision.ts";
import { policySchema, type Policy } from "../../../worker/domain/policy.ts";
import { decide } from "../../../worker/routing/decide.ts";

function model(id: string, [score, cost, standing]: readonly [number, number, number]): Candidate {
  return {
    model: id,
    score,
    standing,
    outputTokensP50: 100,
    costP50MicroUsd: cost,
    costP90MicroUsd: 2 * cost,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
  };
}

const CHEAP = model("acme/cheap", [0.6, 10, 0]);
const MIDDLE = model("bolt/middle", [0.85, 100, 1]);
const STRONG = model("acme/strong", [0.9, 1_000, 2]);
const ALL = [STRONG, CHEAP, MIDDLE];

function certificate(
  margin: number,
  { models = ALL, ...more }: Partial<CertifiedFloor> & { models?: readonly Candidate[] } = {},
): Certificate {
  const reference = models.toSorted((a, b) => b.standing - a.standing)[0]?.model ?? "";
  const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 1 };
  const priced = Object.fromEntries(models.map((one) => [one.model, price]));
  return {
    data: [{ name: "set", sha256: "0".repeat(64), rows: 400, reference, models: priced }],
    floors: [{ floor: 0.95, confidence: 0.9, rows: 300, ...more, margin }],
  };
}

function decideBy(
  given: Certificate | undefined,
  {
    candidates = ALL,
    task,
    ...asked
  }: Partial<Policy> & { candidates?: Candidate[]; task?: string },
): Decision {
  const policy = policySchema.parse(asked);
  const decision = decide({ candidates, excluded: [], policy, certificate: given, task });
  if ("reason" in decision) return decision;
  throw new Error("There is no candidate");
}

describe("a floor with a certificate of these models", () => {
  it("is kept by the margin over the reference's score, and called certified", ({ expect }) => {
    const loose = decideBy(certificate(-0.31), { quality: 0.95 });
    expect(loose).toMatchObject({ reason: "certified_floor", attempts: [CHEAP, MIDDLE, STRONG] });
    expect(loose.floor).toBeCloseTo(0.59, 12);
    expect(loose.assurance).toEqual({
      proof: { floor: 0.95, confidence: 0.9, rows: 300, margin: -0.31 },
    });
    expect(decideBy(certificate(-0.2), { quality: 0.95 }).attempts[0]).toBe(MIDDLE);
    expect(decideBy(certificate(0), { quality: 0.95 }).attempts[0]).toBe(STRONG);
  });

  it("answers for any floor that is not stricter", ({ expect }) => {
    expect(decideBy(certificate(-0.2), { quality: 0.2 }).reason).toBe("certified_floor");
    const stricter = decideBy(certificate(-0.31), { quality: 0.96 });
    expect(stricter).toMatchObject({
      reason: "cheapest_above_floor",
      assurance: { doubt: "no_certificate" },
      attempts: [STRONG, {}, {}],
    });
    expect(stricter.assurance?.proof).toBeUndefined();
  });

  it("is kept by the reference itself where no score is believed", ({ expect }) => {
    const better = model("crux/better", [0.95, 500, 1]);
    const candidates = [...ALL, better];
    const sure = certificate(1, { models: candidates });
    const decision = decideBy(sure, { candidates, quality: 0.95 });
    expect(decision.reason).toBe("certified_floor");
    expect(decision.attempts[0]).toBe(STRONG); // Below the hull: its own quality needs no prediction.
    const bit = certificate(0.04, { models: candidates });
    // Where that one fails the reference is next, though others promise more for their price.
    expect(decideBy(bit, { candidates, quality: 0.95 }).candidates).toEqual([
      better,
      STRONG,
      MIDDLE,
      CHEAP,
    ]);
  });

  it("is for the prompt's own task where it is for one", ({ expect }) => {
    const sliced = certificate(-0.31, { task: "math" });
    expect(decideBy(sliced, { quality: 0.9, task: "math" }).reason).toBe("certified_floor");
    expect(decideBy(sliced, { quality: 0.9, task: "code" }).assurance?.doubt).toBe(
      "no_certificate",
    );
    expect(decideBy(sliced, { quality: 0.9 }).assurance?.doubt).toBe("no_certificate");
  });

  it("plays no part where no floor is asked", ({ expect }) => {
    const plain = decideBy(undefined, {});
    expect(decideBy(certificate(-0.31), {})).toEqual(plain);
    expect(plain).not.toHaveProperty("assurance");
  });
});

describe("a floor with a certificate of other models", () => {
  it("is not certified, and is no looser than predicted", ({ expect }) => {
    const other = certificate(-0.31, { models: [STRONG, MIDDLE] });
    const decision = decideBy(other, { quality: 0.9 });
    expect(decision).toMatchObject({ reason: "cheapest_above_floor", attempts: [MIDDLE, {}, {}] });
    expect(decision.floor).toBeCloseTo(0.81, 12);
    expect(decision.assurance).toMatchObject({ doubt: "other_models", proof: { margin: -0.31 } });
  });

  it("may be stricter than predicted", ({ expect }) => {
    const other = certificate(0, { models: [STRONG, MIDDLE] });
    expect(decideBy(undefined, { quality: 0.9 }).attempts[0]).toBe(MIDDLE);
    expect(decideBy(other, { quality: 0.9 })).toMatchObject({
      reason: "cheapest_above_floor",
      attempts: [STRONG, {}, {}],
    });
  });

  it("is what a limit makes of one of these, even where the reference is what it takes away", ({
    expect,
  }) => {
    const limited = decideBy(certificate(-0.31), { quality: 0.9, max_cost_usd: 0.0005 });
    expect(limited).toMatchObject({
      reason: "cheapest_above_floor",
      assurance: { doubt: "other_models" },
      attempts: [MIDDLE, CHEAP],
    });
    const cheap = decideBy(certificate(-0.31), { quality: 0.9, max_cost_usd: 0.00005 });
    expect(cheap).toMatchObject({ reason: "floor_unreachable", attempts: [CHEAP] });
  });
});

describe("margins", () => {
  const candidates = fc.uniqueArray(
    fc
      .tuple(fc.nat(9), fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.nat(20))
      .map(([n, score, cost]) => model(`acme/m${n}`, [score, cost, n])),
    { minLength: 1, maxLength: 8, selector: (one) => one.model },
  );

  /** What scripts/certification relies on when it asks only for some margins. */
  it("when they fall never make the choice dearer, and begin at the reference", ({ expect }) => {
    fc.assert(
      fc.property(candidates, (given) => {
        const choices = MARGINS.map((margin) =>
          decideBy(certificate(margin, { models: given }), { candidates: given, quality: 0.95 }),
        );
        expect(choices.every(({ reason }) => reason === "certified_floor")).toBe(true);
        expect(choices[0]!.attempts[0]).toBe(choices[0]!.reference);
        const chosen = choices.map(({ attempts }) => attempts[0]!);
        chosen.forEach((one, k) => {
          const before = chosen[k - 1] ?? one;
          expect(one.costP50MicroUsd).toBeLessThanOrEqual(before.costP50MicroUsd);
          if (chosen.indexOf(one) < k) expect(before).toBe(one); // What was left behind does not return.
        });
      }),
    );
  });
});
