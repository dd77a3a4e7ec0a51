/**
 * What smoothing along the graph is for: a group in which a model was never asked takes after the groups
 * of its task and those that share prompts with it, not after the model as a whole.
 */
import { describe, it } from "vitest";
import { edgePenalty, smoothed } from "../../../scripts/training/graph-smoothing.ts";

/** Three groups; the model did well in the first, badly in the last, and was never asked in the middle. */
const COUNTS = {
  prototypes: 3,
  models: 1,
  trials: Float64Array.of(30, 0, 30),
  successes: Float64Array.of(27, 0, 3),
};
const NO_TASK = -1;

interface Rows {
  /** Which share of each row belongs to each group. */
  readonly shares: readonly (readonly [number, number, number])[];
  readonly tasks: readonly number[];
}

/** [μ, θ of each group]. */
function valuesFor({ shares, tasks }: Rows, smoothing: number): number[] {
  const labels = { task: Int8Array.from(tasks), tasks: 2 };
  const penalty = edgePenalty(Float32Array.from(shares.flat()), labels, smoothing);
  return smoothed(COUNTS, 0, { difficulty: new Float64Array(3), penalty });
}

const APART: Rows["shares"] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

describe("graph smoothing", () => {
  it("lets a group borrow from the groups of its task", ({ expect }) => {
    const [, first, middle, last] = valuesFor({ shares: APART, tasks: [0, 0, 1] }, 20);
    expect(first).toBeGreaterThan(0.5);
    expect(last).toBeLessThan(-0.5);
    expect(middle).toBeGreaterThan(0.3);
    expect(middle).toBeLessThan(first!);
    const mirrored = valuesFor({ shares: APART, tasks: [0, 1, 1] }, 20);
    expect(mirrored[2]).toBeCloseTo(-middle!, 3);
  });

  it("lets a group borrow from those that share prompts with it", ({ expect }) => {
    const tasks = [NO_TASK, NO_TASK, NO_TASK];
    const shares: Rows["shares"] = [
      [0.5, 0.5, 0],
      [0.5, 0.5, 0],
      [0, 0, 1],
    ];
    expect(valuesFor({ shares, tasks }, 20)[2]).toBeGreaterThan(0.5);
    expect(valuesFor({ shares: APART, tasks }, 20)[2]).toBeCloseTo(0, 1);
  });

  it("leaves groups alone without it, and draws them together with more of it", ({ expect }) => {
    const rows: Rows = { shares: APART, tasks: [0, 0, 0] };
    expect(valuesFor(rows, 0)[2]).toBeCloseTo(0, 1);
    const spans = [0, 5, 50, 500].map((smoothing) => {
      const [, first, , last] = valuesFor(rows, smoothing);
      return first! - last!;
    });
    expect(spans).toEqual(spans.toSorted((a, b) => b - a));
    expect(spans.at(-1)!).toBeLessThan(spans[0]! / 4);
  });
});
