/**
 * Every operator's gradient, as appended by the graph and evaluated by the interpreter, against finite
 * differences. Driven by what `operators/` exports.
 */
import { describe, it } from "vitest";
import { interpret } from "../../../router-models/graph/interpret.ts";
import { finiteDifferences, relativeError } from "./finite-differences.ts";
import { SIZES, trialFeeds, trialGraph, TRIALS } from "./operator-trials.ts";

const LIMIT = 1e-8;

describe("operators", () => {
  it("are all tried", ({ expect }) => {
    const modules = import.meta.glob<object>("../../../router-models/graph/operators/*.ts", {
      eager: true,
    });
    const exported = Object.values(modules).flatMap((module) => Object.keys(module));
    expect(Object.keys(TRIALS).toSorted()).toEqual(exported.toSorted());
  });

  describe.for(Object.entries(TRIALS))("%s", ([, trials]) => {
    it.for(
      trials.flatMap((trial) => SIZES.map((sizes) => ({ trial, sizes, shown: shownAs(trial) }))),
    )(
      "has the gradient of its evaluation: $shown, B = $sizes.B",
      ({ trial, sizes }, { expect }) => {
        const { graph } = trialGraph(trial);
        const feeds = trialFeeds(trial, sizes);
        const results = interpret(graph.outputs, feeds);
        expect(trial.operator.gradient === "none").toBe(trial.flow !== undefined);
        trial.inputs.forEach((_, i) => {
          if (trial.flow === "stops") return expect(results[`gradient_${i}`]).toBeUndefined();
          if (trial.flow === "zero" && trial.ids?.at === i) return;
          const expected = finiteDifferences(graph.outputs, feeds, `x${i}`);
          const actual = results[`gradient_${i}`]?.data ?? expected.map(() => 0);
          expect(relativeError(actual, expected), `input ${i}`).toBeLessThan(LIMIT);
        });
      },
    );
  });
});

function shownAs({ inputs }: { inputs: readonly (readonly (number | string)[])[] }): string {
  return inputs.map((dims) => `[${dims.join()}]`).join(" ");
}
