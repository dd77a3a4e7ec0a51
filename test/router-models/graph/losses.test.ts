/**
 * The losses against hand-worked cases, at the extremes, and under masks.
 */
import { describe, it } from "vitest";
import { gradientsOf } from "../../../router-models/graph/gradients.ts";
import { Graph } from "../../../router-models/graph/graph.ts";
import { interpret } from "../../../router-models/graph/interpret.ts";
import type { Value } from "../../../router-models/graph/ir.ts";
import {
  binaryCrossEntropy,
  contrastError,
  crossEntropy,
  pinball,
} from "../../../router-models/graph/losses.ts";

type Loss = (g: Graph, x: Value, labelled: { labels: Value; weights: Value }) => Value;
type Matrix = readonly (readonly number[])[];

/** The loss and its gradient with respect to the predictions. */
function evaluate(
  loss: Loss,
  x: Matrix,
  { labels, weights }: { labels: Matrix; weights: Matrix },
): { loss: number; gradient: number[] } {
  const graph = new Graph("training");
  function constant(rows: Matrix): Value {
    return graph.constant(rows.flat(), [rows.length, rows[0]!.length]);
  }
  const dims = [x.length, x[0]!.length];
  const prediction = graph.input("x", "float32", dims);
  const value = loss(graph, prediction, {
    labels: constant(labels),
    weights: constant(weights),
  });
  graph.output("loss", value);
  graph.output("gradient", gradientsOf(graph, value, [prediction]).get(prediction)!);
  const results = interpret(graph.outputs, { x: { dims, data: x.flat() } });
  return { loss: results["loss"]!.data[0]!, gradient: [...results["gradient"]!.data] };
}

function pinballAt(level: number): Loss {
  return (g, x, labelled) => pinball(g, x, { ...labelled, level });
}

describe("losses", () => {
  it("binary cross-entropy: worked case", ({ expect }) => {
    const x = [[0, Math.log(3)]]; // σ = 1/2 and 3/4
    const { loss, gradient } = evaluate(binaryCrossEntropy, x, {
      labels: [[0.25, 1]],
      weights: [[1, 3]],
    });
    expect(loss).toBeCloseTo((Math.log(2) + 3 * Math.log(4 / 3)) / 4, 7);
    expect(gradient[0]).toBeCloseTo((0.5 - 0.25) / 4, 7);
    expect(gradient[1]).toBeCloseTo((3 * (0.75 - 1)) / 4, 7);
  });

  it("binary cross-entropy: stays finite at the extremes", ({ expect }) => {
    const labels = [[0, 1, 0, 1]];
    const { loss, gradient } = evaluate(binaryCrossEntropy, [[800, 800, -800, -800]], {
      labels,
      weights: [[1, 1, 1, 1]],
    });
    expect(loss).toBe(400);
    expect(gradient).toEqual([0.25, 0, 0, -0.25]);
  });

  it("contrast error: worked case, and half the mean over all pairs", ({ expect }) => {
    const x = [[0, Math.log(3)]]; // σ = 1/2 and 3/4, so the errors are 1/2 and −1/4
    const { loss, gradient } = evaluate(contrastError, x, {
      labels: [[0, 1]],
      weights: [[1, 3]],
    });
    const [pairs, all] = [2 * 1 * 3 * (0.5 + 0.25) ** 2, (1 + 3) ** 2];
    expect(loss).toBeCloseTo(pairs / all / 2, 7);
    // Their mean is −1/16, and σ′ is 1/4 and 3/16.
    expect(gradient[0]).toBeCloseTo(((2 * 1) / 4) * (0.5 + 1 / 16) * (1 / 4), 7);
    expect(gradient[1]).toBeCloseTo(((2 * 3) / 4) * (-0.25 + 1 / 16) * (3 / 16), 7);
  });

  it("contrast error: asks nothing of a row that is off by the same everywhere", ({ expect }) => {
    const even = { labels: [[0.5, 0.25]], weights: [[1, 1]] };
    const { loss, gradient } = evaluate(contrastError, [[Math.log(3), 0]], even);
    expect(loss).toBeCloseTo(0, 12);
    gradient.forEach((x) => expect(x).toBeCloseTo(0, 12));
  });

  it("cross-entropy: worked case with sample weights", ({ expect }) => {
    const x = [
      [Math.log(1), Math.log(3)],
      [5, 5],
    ];
    const { loss, gradient } = evaluate(crossEntropy, x, {
      labels: [
        [0.5, 0.5],
        [1, 0],
      ],
      weights: [[1], [3]],
    });
    const first = -0.5 * Math.log(1 / 4) - 0.5 * Math.log(3 / 4);
    expect(loss).toBeCloseTo((first + 3 * Math.log(2)) / 4, 7);
    expect(gradient[0]).toBeCloseTo((0.25 - 0.5) / 4, 7);
    expect(gradient[2]).toBeCloseTo((3 * (0.5 - 1)) / 4, 7);
  });

  it("cross-entropy: stays finite at the extremes", ({ expect }) => {
    const { loss, gradient } = evaluate(crossEntropy, [[900, -900]], {
      labels: [[0, 1]],
      weights: [[1]],
    });
    expect(loss).toBe(1800);
    expect(gradient).toEqual([1, -1]);
  });

  it("pinball: worked case, above and below", ({ expect }) => {
    const { loss, gradient } = evaluate(pinballAt(0.9), [[1, 5]], {
      labels: [[3, 3]],
      weights: [[1, 1]],
    });
    expect(loss).toBeCloseTo((0.9 * 2 + 0.1 * 2) / 2, 7);
    expect(gradient[0]).toBeCloseTo(-0.45, 7);
    expect(gradient[1]).toBeCloseTo(0.05, 7);
  });

  it.for<[string, Loss]>([
    ["binary cross-entropy", binaryCrossEntropy],
    ["contrast error", contrastError],
    ["pinball", pinballAt(0.5)],
  ])("%s does not see what is masked, and is 0 when all is", ([, loss], { expect }) => {
    const x = [[0.5, -2]];
    const masked = evaluate(loss, x, { labels: [[1, 1e6]], weights: [[2, 0]] });
    expect(masked).toEqual(evaluate(loss, x, { labels: [[1, -7]], weights: [[2, 0]] }));
    expect(masked.gradient[1]).toBeCloseTo(0, 12);
    const none = evaluate(loss, x, { labels: [[1, 1]], weights: [[0, 0]] });
    expect(none.loss).toBeCloseTo(0, 12);
    expect(none.gradient.map(Math.abs)).toEqual([0, 0]);
  });
});
