/**
 * The promise itself, checked exactly: on small worlds every possible sample is enumerated with its
 * probability, so "wrong at most once in 1/δ" is a sum. Worlds that take more rows to be wrong in are
 * simulated, by a fixed seed.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  bettingPValue,
  certificateAt,
  certifiedStep,
  covers,
  floorFor,
  lastPassing,
  MARGINS,
  rowsNeeded,
  type PolicyOutcomes,
} from "../../router-models/certificate.ts";
import type { Certificate, CertifiedFloor } from "../../router-models/manifest.ts";
import { randomFrom } from "../../worker/lib/prng.ts";

/** One kind of question: how often it comes, the reference's quality, and the policy's at each level. */
interface Kind {
  readonly chance: number;
  readonly reference: number;
  readonly levels: readonly number[];
}

const quality = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const world: fc.Arbitrary<Kind[]> = fc
  .array(
    fc.record({
      chance: fc.integer({ min: 1, max: 9 }),
      reference: quality,
      levels: fc.tuple(quality, quality, quality),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((kinds) => {
    const total = kinds.reduce((sum, { chance }) => sum + chance, 0);
    return kinds.map((kind) => ({ ...kind, chance: kind.chance / total }));
  });

/** The margins in as many equal stretches as there are levels; the first margin is the reference. */
function outcomesOf(rows: readonly Kind[]): PolicyOutcomes {
  const reference = Float64Array.from(rows, (row) => row.reference);
  const count = rows[0]?.levels.length ?? 1;
  const levels = Array.from({ length: count }, (_, level) =>
    Float64Array.from(rows, (row) => row.levels[level]!),
  );
  return {
    reference,
    answers: MARGINS.map((_, step) => (step === 0 ? reference : levels[levelOf(step, count)]!)),
  };
}

function levelOf(step: number, count: number): number {
  return Math.floor(((step - 1) * count) / (MARGINS.length - 1));
}

/** Every sample of `size` rows, with its probability. */
function samplesOf(kinds: readonly Kind[], size: number): { rows: Kind[]; chance: number }[] {
  let samples = [{ rows: [] as Kind[], chance: 1 }];
  for (let i = 0; i < size; i++)
    samples = samples.flatMap(({ rows, chance }) =>
      kinds.map((kind) => ({ rows: [...rows, kind], chance: chance * kind.chance })),
    );
  return samples;
}

function isMissed(kinds: readonly Kind[], { step, floor: asked }: { step: number; floor: number }) {
  const shortfall = kinds.reduce((sum, { chance, reference, levels }) => {
    const answer = step === 0 ? reference : levels[levelOf(step, levels.length)]!;
    return sum + chance * (asked * reference - answer);
  }, 0);
  return shortfall > 1e-12;
}

function alike(rows: number, reference: number, answer = reference): PolicyOutcomes {
  const kind = { chance: 1, reference, levels: [answer] };
  return outcomesOf(Array.from({ length: rows }, () => kind));
}

const delta = fc.constantFrom(0.5, 0.3, 0.1);
const floor = fc.double({ min: 0.02, max: 0.98, noNaN: true });

function pair(reference: readonly number[], answer: readonly number[]) {
  return { reference: Float64Array.from(reference), answer: Float64Array.from(answer) };
}

describe("the betting test", () => {
  it("is worth what one computes by hand", ({ expect }) => {
    expect(bettingPValue(pair([], []), 0.95)).toBe(1);
    // The variance believed at first, 1/4, allows more than the largest bet of 3/4.
    expect(bettingPValue(pair([1], [1]), 0.5)).toBeCloseTo(1 / 1.375, 12);
    expect(bettingPValue(pair([1, 1], [1, 1]), 0.5)).toBeCloseTo(1 / 1.375 ** 2, 12);
    expect(bettingPValue(pair([1, 0.4], [1, 0.8]), 0.5)).toBeCloseTo(1 / (1.375 * 1.45), 12);
    expect(bettingPValue(pair([1], [0]), 0.5)).toBe(1);
    // What was won before a loss is not given back.
    expect(bettingPValue(pair([1, 1], [1, 0]), 0.5)).toBeCloseTo(1 / 1.375, 12);
    // A gap of 1 makes the variance 1/4 + (1 − 1/2)², so the second bet of 200 is as large as the first.
    const [reference, answer] = [new Float64Array(200), new Float64Array(200)];
    [reference[0], answer[1]] = [1, 1];
    const bet = Math.sqrt(((2 * Math.log(10)) / 200) * (1 / 0.25));
    expect(bettingPValue({ reference, answer }, 0.5)).toBeCloseTo(
      1 / ((1 - bet * 0.5) * (1 + bet)),
      12,
    );
  });

  it("takes the rows that it is told, in that order", ({ expect }) => {
    const reference = Float64Array.of(1, 0, 0.4);
    const answer = Float64Array.of(1, 0, 0.8);
    expect(bettingPValue({ reference, answer }, 0.5, [0, 2])).toBeCloseTo(1 / (1.375 * 1.45), 12);
    expect(bettingPValue({ reference, answer }, 0.5, [])).toBe(1);
  });

  it("is wrong with probability δ at most, in any world, by enumeration", ({ expect }) => {
    fc.assert(
      fc.property(world, floor, delta, (kinds, asked, allowed) => {
        let wrong = 0;
        for (const { rows, chance } of samplesOf(kinds, 5)) {
          const step = certifiedStep(outcomesOf(rows), { floor: asked, confidence: 1 - allowed });
          if (isMissed(kinds, { step, floor: asked })) wrong += chance;
        }
        expect(wrong).toBeLessThanOrEqual(allowed + 1e-9);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps its word where the floor is missed by a hair and where all rides on one rare failure", ({
    expect,
  }) => {
    const worlds: [Kind[], number][] = [
      [
        [
          { chance: 0.5, reference: 1, levels: [1] },
          { chance: 0.5, reference: 1, levels: [0] },
        ],
        0.4999,
      ],
      [
        [
          { chance: 0.9, reference: 1, levels: [1] },
          { chance: 0.1, reference: 1, levels: [0] },
        ],
        0.8999,
      ],
      [
        [
          { chance: 0.98, reference: 0.5, levels: [0.5] },
          { chance: 0.02, reference: 1, levels: [0] },
        ],
        0.959,
      ],
    ];
    for (const [kinds, kept] of worlds) {
      const asked = kept + 2e-3;
      expect(isMissed(kinds, { step: 1, floor: asked })).toBe(true);
      const random = randomFrom(5);
      const values = Array.from({ length: 2_000 }, () => {
        const rows = Array.from({ length: 150 }, () => kinds[random() < kinds[0]!.chance ? 0 : 1]!);
        const reference = rows.map((row) => row.reference);
        return bettingPValue(
          pair(
            reference,
            rows.map(({ levels }) => levels[0]!),
          ),
          asked,
        );
      });
      for (const allowed of [0.5, 0.3, 0.1]) {
        const wrong = values.filter((value) => value <= allowed).length / values.length;
        expect(wrong).toBeLessThanOrEqual(allowed);
        if (allowed === 0.5) expect(wrong).toBeGreaterThan(0); // Else there would be nothing to see.
      }
    }
  });
});

describe("the certified margin", () => {
  const rows = fc.array(
    fc.record({
      chance: fc.constant(1),
      reference: quality,
      levels: fc.tuple(quality, quality, quality),
    }),
    { maxLength: 60 },
  );

  it("is no looser for a stricter floor or a higher confidence, on the same rows", ({ expect }) => {
    fc.assert(
      fc.property(rows, fc.tuple(floor, floor), fc.tuple(floor, floor), (kinds, floors, levels) => {
        const outcomes = outcomesOf(kinds);
        const [lax, strict] = [Math.min(...floors), Math.max(...floors)];
        const [unsure, sure] = [Math.min(...levels), Math.max(...levels)];
        const step = certifiedStep(outcomes, { floor: lax, confidence: unsure });
        expect(certifiedStep(outcomes, { floor: strict, confidence: unsure })).toBeLessThanOrEqual(
          step,
        );
        expect(certifiedStep(outcomes, { floor: lax, confidence: sure })).toBeLessThanOrEqual(step);
      }),
    );
  });

  it("stops at the first margin that is not proven, whatever lies behind it", ({ expect }) => {
    const asked: number[] = [];
    expect(
      lastPassing((step) => {
        asked.push(step);
        return step !== 4;
      }),
    ).toBe(3);
    expect(asked).toEqual([1, 2, 3, 4]);
    expect(lastPassing(() => true)).toBe(MARGINS.length - 1);
    expect(lastPassing(() => false)).toBe(0);
  });

  it("walks from the reference alone to every model", ({ expect }) => {
    expect(MARGINS[0]).toBe(1);
    expect(MARGINS.at(-1)).toBe(-1);
    expect(MARGINS.every((margin, step) => step === 0 || margin < MARGINS[step - 1]!)).toBe(true);
  });

  it("is the reference alone for no rows, one row, a reference that is always wrong", ({
    expect,
  }) => {
    const claim = { floor: 0.95, confidence: 0.9 };
    expect(certifiedStep(alike(0, 1), claim)).toBe(0);
    expect(certifiedStep(alike(1, 1), claim)).toBe(0);
    expect(certifiedStep(alike(5_000, 0), claim)).toBe(0);
    expect(rowsNeeded(claim, 0)).toBe(Infinity);
    expect(rowsNeeded(claim, NaN)).toBe(Infinity);
  });

  it("is the loosest of all for equal models, from the number of rows on that it names", ({
    expect,
  }) => {
    for (const [at, confidence, q] of [
      [0.95, 0.9, 0.8],
      [0.9, 0.95, 0.3],
      [0.5, 0.5, 1],
    ] as const) {
      const claim = { floor: at, confidence };
      const needed = rowsNeeded(claim, q);
      expect(certifiedStep(alike(needed, q), claim)).toBe(MARGINS.length - 1);
      expect(certifiedStep(alike(needed - 1, q), claim)).toBe(0);
    }
    expect(rowsNeeded({ floor: 0.95, confidence: 0.9 }, 1)).toBe(63);
  });
});

function floorOf(at: number, more: Partial<CertifiedFloor> = {}): CertifiedFloor {
  return { floor: at, confidence: 0.9, margin: 0, rows: 100, ...more };
}

const PRICE = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };

function certificate(floors: CertifiedFloor[], ...models: string[][]): Certificate {
  const data = (models.length === 0 ? [["a/a", "b/b"]] : models).map((ids, at) => ({
    name: `set ${at}`,
    sha256: "0".repeat(64),
    rows: 100,
    reference: ids[0]!,
    models: Object.fromEntries(ids.map((id) => [id, PRICE])),
  }));
  return { data, floors };
}

describe("the floor that answers for a request", () => {
  const whole = certificate([floorOf(0.99), floorOf(0.9), floorOf(0.95)]);

  it("is the nearest that is at least as strict", ({ expect }) => {
    expect(floorFor(whole, { quality: 0.91 })?.floor).toBe(0.95);
    expect(floorFor(whole, { quality: 0.95 })?.floor).toBe(0.95);
    expect(floorFor(whole, { quality: 0 })?.floor).toBe(0.9);
    expect(floorFor(whole, { quality: 0.991 })).toBeUndefined();
  });

  it("is the task's own where floors are made per task, and no average of all instead", ({
    expect,
  }) => {
    const [math, code] = [floorOf(0.9, { task: "math" }), floorOf(0.8, { task: "code" })];
    const sliced = certificate([floorOf(0.95), math, code]);
    expect(floorFor(sliced, { quality: 0.8, task: "code" })).toBe(code);
    expect(floorFor(sliced, { quality: 0.8, task: "math" })).toBe(math);
    expect(floorFor(sliced, { quality: 0.85, task: "code" })).toBeUndefined();
    expect(floorFor(sliced, { quality: 0.85 })).toBeUndefined();
    expect(floorFor(sliced, { quality: 0.95, task: "code" })?.floor).toBe(0.95);
  });
});

describe("what a certificate covers", () => {
  it("is its models, all of them, behind its reference, in each of its sets", ({ expect }) => {
    const one = certificate([floorOf(0.9)]);
    expect(covers(one, { reference: "a/a", models: ["b/b", "a/a"] })).toBe(true);
    expect(covers(one, { reference: "b/b", models: ["a/a", "b/b"] })).toBe(false);
    expect(covers(one, { reference: "a/a", models: ["a/a"] })).toBe(false);
    expect(covers(one, { reference: "a/a", models: ["a/a", "b/b", "c/c"] })).toBe(false);
    expect(covers(one, { reference: "a/a", models: ["a/a", "toString"] })).toBe(false);
    const two = certificate([floorOf(0.9)], ["a/a", "b/b"], ["a/a", "c/c"]);
    expect(covers(two, { reference: "a/a", models: ["a/a", "b/b"] })).toBe(false);
  });

  it("ends where a model's price has changed", ({ expect }) => {
    const one = certificate([floorOf(0.9)]);
    expect(certificateAt(undefined, [])).toBeUndefined();
    expect(certificateAt(one, [{ id: "a/a", price: { ...PRICE } }])).toBe(one);
    expect(certificateAt(one, [{ id: "c/c", price: { ...PRICE, inputUsdPerMTok: 9 } }])).toBe(one);
    for (const changed of [{ inputUsdPerMTok: 1.1 }, { outputUsdPerMTok: 0 }])
      expect(certificateAt(one, [{ id: "b/b", price: { ...PRICE, ...changed } }])).toBeUndefined();
  });
});
