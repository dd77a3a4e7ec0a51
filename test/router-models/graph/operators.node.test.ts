/**
 * Every operator's lowering: onnxruntime-node computes what the interpreter computes, to float32 rounding,
 * the operator's own result and its gradients alike.
 */
import { describe, it } from "vitest";
import { interpret } from "../../../router-models/graph/interpret.ts";
import { lower } from "../../../router-models/graph/lower.ts";
import { relativeError } from "./finite-differences.ts";
import { SIZES, trialFeeds, trialGraph, TRIALS } from "./operator-trials.ts";
import { openSession } from "./ort.ts";

const LIMIT = 2e-6; // Of values near 1, which sums of both signs may cancel.

describe("operators on onnxruntime-node", () => {
  it.for(Object.entries(TRIALS))(
    "%s agrees with the interpreter",
    async ([, trials], { expect }) => {
      for (const trial of trials) {
        const { graph } = trialGraph(trial);
        const session = await openSession(lower(graph.outputs).bytes);
        for (const sizes of SIZES) {
          const feeds = trialFeeds(trial, sizes);
          const expected = interpret(graph.outputs, feeds);
          const actual = await session.run(feeds);
          expect(Object.keys(actual).toSorted()).toEqual(Object.keys(expected).toSorted());
          for (const [name, { dims, data }] of Object.entries(expected)) {
            const where = `${name} of ${JSON.stringify(trial.inputs)} with ${JSON.stringify(sizes)}`;
            expect(actual[name]!.dims, where).toEqual(dims);
            expect(relativeError(actual[name]!.data, data, 1), where).toBeLessThan(LIMIT);
          }
        }
        await session.release();
      }
    },
  );
});
