/**
 * The components of prompts: what families/query.ts computes with them is what was found for the training
 * prompts, kinds of prompts lie apart, and the scale is as promised.
 */
import { describe, it } from "vitest";
import { componentsOf } from "../../../scripts/training/components.ts";
import { describeCorpus } from "../../../scripts/training/corpus.ts";
import { examplesOf } from "../../../scripts/training/examples.ts";
import { centresOf, pointsNear, sharesOf } from "../../../scripts/training/prototypes.ts";
import { kindOf, MODELS, twoKinds } from "./two-kinds.ts";

const ROWS = twoKinds(80, 3);
const TABLE_ROWS = 512;
const D = 4;
const EXAMPLES = examplesOf(ROWS, { models: MODELS, tableRows: TABLE_ROWS });
const CORPUS = describeCorpus(EXAMPLES, { tableRows: TABLE_ROWS, minDocuments: 2 });

function components(evenness: number) {
  return componentsOf(EXAMPLES, {
    corpus: CORPUS,
    width: D,
    surfaceWeight: 0.5,
    evenness,
    seed: 1,
  });
}

/** Covariance, [D, D]. */
function covarianceOf(vectors: Float64Array): number[][] {
  const n = vectors.length / D;
  return Array.from({ length: D }, (_, i) =>
    Array.from({ length: D }, (__, j) => {
      let sum = 0;
      for (let r = 0; r < n; r++) sum += vectors[r * D + i]! * vectors[r * D + j]!;
      return sum / n;
    }),
  );
}

describe("componentsOf", () => {
  it("gives tables that make each prompt's vector out of its features", ({ expect }) => {
    const { table, surface, bias, vectors } = components(1);
    const { mean, deviation } = CORPUS.standardisation;
    EXAMPLES.forEach(({ features }, r) => {
      for (let d = 0; d < D; d++) {
        let q = bias[d]!;
        features.ids.forEach((id, i) => (q += features.weights[i]! * table[id * D + d]!));
        features.statistics.forEach((x, s) => {
          const squeezed = Math.tanh((0.5 * (x - mean[s]!)) / Math.max(deviation[s]!, 1e-3));
          q += squeezed * surface[s * D + d]!;
        });
        expect(q).toBeCloseTo(vectors[r * D + d]!, 9);
      }
    });
  });

  it("centres the vectors and spreads them by D in all, at any evenness", ({ expect }) => {
    for (const evenness of [0, 1, 1e6]) {
      const covariance = covarianceOf(components(evenness).vectors);
      const trace = covariance.reduce((sum, row, i) => sum + row[i]!, 0);
      expect(trace).toBeCloseTo(D, 4);
    }
    // Even at the end, no direction spreads further than another.
    covarianceOf(components(1e6).vectors).forEach((row, i) =>
      row.forEach((x, j) => expect(x).toBeCloseTo(i === j ? 1 : 0, 3)),
    );
  });

  it("leaves a known gram that no example has at nothing", ({ expect }) => {
    const few = EXAMPLES.slice(0, 8);
    const present = new Set(few.flatMap(({ features }) => [...features.ids]));
    const options = { corpus: CORPUS, width: D, surfaceWeight: 0.5, evenness: 1, seed: 1 };
    const { table } = componentsOf(few, options);
    const absent = [...CORPUS.isKnown.keys()].filter(
      (id) => CORPUS.isKnown[id] === 1 && !present.has(id),
    );
    expect(absent.length).toBeGreaterThan(0);
    for (const id of absent)
      expect([...table.subarray(id * D, (id + 1) * D)]).toEqual([0, 0, 0, 0]);
    expect(table.every(Number.isFinite)).toBe(true);
  });

  it("lays prompts of one kind together", ({ expect }) => {
    const points = components(0);
    const centres = centresOf(points, 2, 5);
    const shares = sharesOf(points, centres, 200);
    const groups = ROWS.map((_, r) => (shares[r * 2]! > 0.5 ? 0 : 1));
    const sums = new Set(groups.filter((__, r) => kindOf(ROWS[r]!) === "sum"));
    const poems = new Set(groups.filter((__, r) => kindOf(ROWS[r]!) === "poem"));
    expect([...sums]).toHaveLength(1);
    expect([...poems]).toHaveLength(1);
    expect(sums).not.toEqual(poems);
  });
});

describe("prototypes", () => {
  it("share each point out in full, and the points near centres are points", ({ expect }) => {
    const points = components(1);
    const anchors = pointsNear(points, centresOf(points, 10, 5));
    const known = new Set(ROWS.map((_, r) => points.vectors.subarray(r * D, (r + 1) * D).join()));
    const count = anchors.vectors.length / D;
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThanOrEqual(10);
    for (let j = 0; j < count; j++)
      expect(known).toContain(anchors.vectors.subarray(j * D, (j + 1) * D).join());
    const shares = sharesOf(points, anchors, 10);
    for (let r = 0; r < ROWS.length; r++) {
      const own = shares.subarray(r * count, (r + 1) * count);
      expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    }
    expect(centresOf(points, 1_000, 5).vectors.length / D).toBe(ROWS.length);
  });
});
