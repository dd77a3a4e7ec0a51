/**
 * Calibration may change what a score says and never which of two is higher. Labels are drawn from known
 * curves, so that a fit can be compared with the truth.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { calibrate, fitCalibration, type LabelledLogit } from "../../router-models/calibration.ts";
import { manifestSchema, type Calibration } from "../../router-models/manifest.ts";

const logit = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const finite = fc.double({ min: -50, max: 50, noNaN: true });
const calibrationSchema = manifestSchema.shape.calibration;

const isotonic: fc.Arbitrary<Calibration> = fc
  .uniqueArray(finite, { minLength: 1, maxLength: 12 })
  .chain((logits) =>
    fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), {
        minLength: logits.length,
        maxLength: logits.length,
      })
      .map((scores) => ({
        kind: "isotonic" as const,
        logits: logits.toSorted((a, b) => a - b),
        scores: scores.toSorted((a, b) => a - b),
      })),
  );

const anyCalibration: fc.Arbitrary<Calibration> = fc.oneof(
  fc.constant<Calibration>({ kind: "identity" }),
  fc.record({
    kind: fc.constant("platt" as const),
    slope: fc.double({ min: 1e-3, max: 100, noNaN: true }),
    intercept: finite,
  }),
  isotonic,
);

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Uniform in [0, 1), the same every time. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Labels of 0 and 1 whose chance of 1 is `curve(logit)`, with logits spread evenly over ±`reach`. */
function draw(
  count: number,
  curve: (logit: number) => number,
  { reach = 4, seed = 1 } = {},
): LabelledLogit[] {
  const next = sequence(seed);
  return Array.from({ length: count }, () => {
    const at = reach * (2 * next() - 1);
    return { logit: at, label: next() < curve(at) ? 1 : 0 };
  });
}

function brier(calibration: Calibration, rows: readonly LabelledLogit[]): number {
  const errors = rows.map((row) => (calibrate(calibration, row.logit) - row.label) ** 2);
  return errors.reduce((a, b) => a + b, 0) / rows.length;
}

/** A curve that no sigmoid follows. */
function truth(z: number): number {
  return z < 0 ? 0.2 : 0.6 + 0.3 * sigmoid(4 * z - 4);
}

describe("calibrate", () => {
  it("never reorders, and is never certain", ({ expect }) => {
    fc.assert(
      fc.property(anyCalibration, logit, logit, (calibration, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const [lower, higher] = [calibrate(calibration, low), calibrate(calibration, high)];
        expect(lower).toBeLessThanOrEqual(higher + 1e-12);
        expect(lower).toBeGreaterThan(0);
        expect(higher).toBeLessThan(1);
      }),
    );
  });

  it("runs straight between the knots and level beyond them", ({ expect }) => {
    const steps = { kind: "isotonic" as const, logits: [-1, 0, 2], scores: [0.1, 0.4, 0.8] };
    const at = [-9, -1, -0.5, 0, 1, 2, 9].map((x) => calibrate(steps, x));
    [0.1, 0.1, 0.25, 0.4, 0.6, 0.8, 0.8].forEach((y, i) => expect(at[i]).toBeCloseTo(y, 12));
  });

  it("is the sigmoid where nothing was fitted", ({ expect }) => {
    expect(calibrate({ kind: "identity" }, 0)).toBe(0.5);
    expect(calibrate({ kind: "identity" }, 1.5)).toBeCloseTo(sigmoid(1.5), 12);
    expect(calibrate({ kind: "platt", slope: 2, intercept: -1 }, 1.5)).toBeCloseTo(sigmoid(2), 12);
  });
});

describe("fitCalibration", () => {
  it.for([
    { prompts: 0, kind: "identity" },
    { prompts: 499, kind: "identity" },
    { prompts: 500, kind: "platt" },
    { prompts: 1999, kind: "platt" },
    { prompts: 2000, kind: "isotonic" },
  ])("takes $kind for $prompts prompts, however many rows there are", (example, { expect }) => {
    const rows = draw(3000, sigmoid);
    expect(fitCalibration(rows, example.prompts).kind).toBe(example.kind);
  });

  it.for([
    { slope: 1, intercept: 0, reach: 4 },
    { slope: 2, intercept: 1, reach: 3 },
    { slope: 0.3, intercept: -0.5, reach: 8 },
    { slope: 0.1, intercept: 0.5, reach: 20 },
    { slope: 0.2, intercept: 0, reach: 50 },
  ])("finds σ($slope · z + $intercept) for logits within ±$reach", (example, { expect }) => {
    const { slope, intercept, reach } = example;
    const rows = draw(20_000, (z) => sigmoid(slope * z + intercept), { reach });
    const fitted = fitCalibration(rows, 1000);
    if (fitted.kind !== "platt") throw new Error(`Fitted ${fitted.kind}`);
    expect(fitted.slope / slope).toBeCloseTo(1, 1);
    expect(fitted.intercept).toBeCloseTo(intercept, 0.8);
  });

  it("stays finite when the labels separate perfectly", ({ expect }) => {
    const rows = draw(1000, (z) => (z > 0 ? 1 : 0));
    const fitted = fitCalibration(rows, 1000);
    if (fitted.kind !== "platt") throw new Error(`Fitted ${fitted.kind}`);
    expect(fitted.slope).toBeGreaterThan(2);
    expect(fitted.slope).toBeLessThan(100);
    expect(brier(fitted, rows)).toBeLessThan(brier({ kind: "identity" }, rows));
  });

  it("keeps the order where the labels contradict it", ({ expect }) => {
    const upsideDown = draw(3000, (z) => sigmoid(-z));
    expect(fitCalibration(upsideDown, 1000)).toEqual({ kind: "identity" });
    const level = fitCalibration(upsideDown, 3000);
    expect(calibrate(level, 3)).toBeGreaterThanOrEqual(calibrate(level, -3));
    expect(calibrate(level, 0)).toBeCloseTo(0.5, 1);
  });

  it("beats the raw sigmoid on rows that it has not seen", ({ expect }) => {
    const fitted = fitCalibration(draw(6000, truth), 6000);
    const unseen = draw(6000, truth, { seed: 2 });
    expect(fitted.kind).toBe("isotonic");
    expect(brier(fitted, unseen)).toBeLessThan(brier({ kind: "identity" }, unseen) - 0.005);
    for (const z of [-3, -1, 1.5, 3])
      expect(Math.abs(calibrate(fitted, z) - truth(z))).toBeLessThan(0.08);
  });

  it("gives equal logits their mean label, in whatever order the rows come", ({ expect }) => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ logit: 0.3, label: i < 900 ? 1 : 0 }));
    for (const order of [rows, rows.toReversed()])
      expect(calibrate(fitCalibration(order, 3000), 0.3)).toBeCloseTo(0.3, 12);
  });

  it.for([600, 2_500])(
    "takes a row of weight 3 for three, of %i prompts",
    (prompts, { expect }) => {
      const rows = Array.from({ length: 90 }, (_, i): LabelledLogit => {
        return { logit: Math.sin(7 * i) * 3, label: (i % 5) / 4, weight: 1 + (i % 3) };
      });
      const repeated = rows.flatMap(({ weight = 1, ...row }) =>
        Array.from({ length: weight }, () => row),
      );
      const [once, often] = [fitCalibration(rows, prompts), fitCalibration(repeated, prompts)];
      // Where the knots lie goes by rows; what they say goes by weights.
      for (const z of [-2.5, -1, 0, 0.7, 2])
        expect(Math.abs(calibrate(once, z) - calibrate(often, z))).toBeLessThan(0.02);
      const even = rows.map(({ logit: at, label }) => ({ logit: at, label }));
      expect(fitCalibration(even, prompts)).not.toEqual(once);
    },
  );

  it("makes nothing that a manifest would refuse", ({ expect }) => {
    const coarse = fc.record({
      logit: fc.oneof(finite, fc.integer({ min: -3, max: 3 })),
      label: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1)),
    });
    fc.assert(
      fc.property(
        fc.array(coarse, { minLength: 1, maxLength: 80 }),
        fc.constantFrom(1, 1000, 5000),
        (rows, prompts) => {
          const fitted = fitCalibration(rows, prompts);
          expect(calibrationSchema.parse(fitted)).toEqual(fitted);
          for (const row of rows) {
            const score = calibrate(fitted, row.logit);
            expect(score > 0 && score < 1).toBe(true);
          }
        },
      ),
    );
  });
});
