/** The head's graph: unit vectors, the same served as trained, and a loss that kin pairs pull down. */
import { describe, it } from "vitest";
import { buildTrainingStep } from "../../../router-models/graph/compile.ts";
import { interpret } from "../../../router-models/graph/interpret.ts";
import { kinLoss } from "../../../router-models/kin/head.ts";
import { readText } from "../../../router-models/kin/tokens.ts";
import { TINY_KIN, tinyRunner } from "../../support/tiny-kin.ts";

const BORDER = { border: 0.5, sharpness: 10 };

describe("the head", () => {
  it("puts out vectors of length 1", async ({ expect }) => {
    for (const text of ["egg", "How long does an egg boil?", "a ".repeat(500)]) {
      const vector = await tinyRunner().run(readText(text, TINY_KIN));
      expect(vector).toHaveLength(TINY_KIN.dimensions);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });
});

/** Two texts of one row each, whose vectors are `a` and `b`; the loss of their being kin or not, and d(loss)/d(rows). */
function lossOf(a: readonly number[], b: readonly number[], isKin: boolean) {
  const { wordRows, letterRows, dimensions } = TINY_KIN;
  const graph = buildTrainingStep(kinLoss(TINY_KIN, BORDER), { gradientsOnly: true });
  const table = new Float64Array((wordRows + letterRows) * dimensions);
  table.set(a, 0);
  table.set(b, dimensions);
  const { loss, gradient_table: gradient } = interpret(graph.outputs, {
    table: { dims: [wordRows + letterRows, dimensions], data: table },
    rowIds: { dims: [2], data: Int32Array.of(0, 1) },
    bag: { dims: [2, 2], data: Float64Array.of(1, 0, 0, 1) },
    kin: { dims: [2, 2], data: Float64Array.of(0, 0, isKin ? 1 : 0, 0) },
    pairWeights: { dims: [2, 2], data: Float64Array.of(0, 0, 1, 0) },
  });
  return { loss: loss!.data[0]!, gradient: gradient!.data };
}

function unit(angle: number): number[] {
  return [
    Math.cos(angle),
    Math.sin(angle),
    ...Array.from({ length: TINY_KIN.dimensions - 2 }, () => 0),
  ];
}

describe("kinLoss", () => {
  it("is the log of the odds' chance, by the cosine alone", ({ expect }) => {
    const cosine = Math.cos(0.7);
    const logit = BORDER.sharpness * (cosine - BORDER.border);
    const long = unit(0.7).map((x) => 9 * x);
    expect(lossOf(unit(0), long, true).loss).toBeCloseTo(Math.log(1 + Math.exp(-logit)), 6);
    expect(lossOf(unit(0), long, false).loss).toBeCloseTo(Math.log(1 + Math.exp(logit)), 6);
  });

  it("turns kin towards one another and strangers away", ({ expect }) => {
    // At angle 0 the second number is the sideways one: down its gradient the row turns to the other's angle.
    expect(lossOf(unit(0), unit(1), true).gradient[1]).toBeLessThan(0);
    expect(lossOf(unit(0), unit(1), false).gradient[1]).toBeGreaterThan(0);
  });
});
