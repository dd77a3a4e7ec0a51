/**
 * Where training begins: vectors with the spread asked for, groups that the graph's formula divides prompts
 * by as prototypes.ts does, and nothing of it read off an outcome.
 */
import { describe, it } from "vitest";
import { componentsOf } from "../../../scripts/training/components.ts";
import { describeCorpus } from "../../../scripts/training/corpus.ts";
import { examplesOf, type Example } from "../../../scripts/training/examples.ts";
import { groundOf } from "../../../scripts/training/ground.ts";
import { centresOf, sharesOf } from "../../../scripts/training/prototypes.ts";
import { MODELS, SMALL_SETTINGS, twoKinds } from "./two-kinds.ts";

const SEED = 3;
const { shape, minDocuments, groupSharpness, wordSpread } = SMALL_SETTINGS;
const EXAMPLES = examplesOf(twoKinds(80, 1), { models: MODELS, tableRows: shape.tableRows });
const GROUND = groundOf(EXAMPLES, SMALL_SETTINGS, SEED);

/** Σ w·E, as the graph computes it. */
function vectorOf({ features }: Example): number[] {
  return Array.from({ length: shape.tableWidth }, (_, d) =>
    features.ids.reduce(
      (sum, id, i) =>
        sum + features.weights[i]! * GROUND.beginning.table[id * shape.tableWidth + d]!,
      0,
    ),
  );
}

/** softmax(C · e + c), as the graph computes it. */
function sharesIn(vector: readonly number[]): number[] {
  const { "groups.centres": centres, "groups.bias": bias } = GROUND.beginning;
  const odds = Array.from(bias, (b, j) =>
    Math.exp(vector.reduce((sum, x, d) => sum + x * centres[j * vector.length + d]!, b)),
  );
  const total = odds.reduce((a, b) => a + b);
  return odds.map((x) => x / total);
}

describe("groundOf", () => {
  it("gives prompts' vectors the deviation asked for, in every column", ({ expect }) => {
    const vectors = EXAMPLES.map(vectorOf);
    for (let d = 0; d < shape.tableWidth; d++) {
      const column = vectors.map((vector) => vector[d]!);
      const mean = column.reduce((a, b) => a + b) / column.length;
      const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length;
      expect(Math.sqrt(variance)).toBeCloseTo(wordSpread, 3);
    }
  });

  it("divides prompts by their distance from the centres of like prompts", ({ expect }) => {
    const corpus = describeCorpus(EXAMPLES, { tableRows: shape.tableRows, minDocuments });
    const components = componentsOf(EXAMPLES, {
      corpus,
      width: shape.tableWidth,
      surfaceWeight: 0,
      evenness: 1e6,
      seed: SEED,
    });
    const centres = centresOf(components, shape.groups, SEED);
    const expected = sharesOf(components, centres, groupSharpness);
    EXAMPLES.forEach((example, r) => {
      sharesIn(vectorOf(example)).forEach((share, j) =>
        expect(share).toBeCloseTo(expected[r * shape.groups + j]!, 4),
      );
    });
  });

  it("looks at no outcome, and leaves what is not known at nothing", ({ expect }) => {
    const others = EXAMPLES.map((example) => ({ ...example, scores: [], dataset: "other" }));
    expect(groundOf(others, SMALL_SETTINGS, SEED)).toEqual(GROUND);
    const unknown = [...GROUND.isKnown.keys()].filter((row) => GROUND.isKnown[row] === 0);
    expect(unknown.length).toBeGreaterThan(0);
    for (const row of unknown)
      expect(
        GROUND.beginning.table
          .subarray(row * shape.tableWidth, (row + 1) * shape.tableWidth)
          .every((x) => x === 0),
      ).toBe(true);
  });

  it("has groups to spare where prompts are fewer", ({ expect }) => {
    const two = groundOf(EXAMPLES.slice(0, 2), SMALL_SETTINGS, SEED).beginning;
    expect(two["groups.centres"]).toHaveLength(shape.groups * shape.tableWidth);
    expect([...two["groups.centres"], ...two["groups.bias"]].every(Number.isFinite)).toBe(true);
  });
});
