/**
 * The graphs on WebGPU: every operator with its gradients, and the whole training step of a small router.
 * What is compared with is the interpreter, whose gradients operators.test.ts and training-step.node.test.ts
 * hold against finite differences.
 *
 * Skipped where there is no adapter. A software one will do: Mesa's lavapipe, version 25 or newer, named by
 * VK_DRIVER_FILES.
 */
import { describe, it } from "vitest";
import { buildTrainingStep, compileTrainingStep } from "../../../router-models/graph/compile.ts";
import { interpret, shaped } from "../../../router-models/graph/interpret.ts";
import { lower } from "../../../router-models/graph/lower.ts";
import { finiteDifferences, relativeError } from "./finite-differences.ts";
import { SIZES, trialFeeds, trialGraph, TRIALS } from "./operator-trials.ts";
import { openSession } from "./ort.ts";
import { batchFeeds, DIMS, initialWeights, loss, SHAPE } from "./small-model.ts";
import { hasWebGpu } from "./web-gpu.ts";

/** Of values near 1: a GPU's exp, log and tanh are a few units of rounding less exact than the CPU's. */
const LIMIT = 2e-5;

describe.skipIf(!(await hasWebGpu()))("on WebGPU (skipped without an adapter)", () => {
  it.for(Object.entries(TRIALS))(
    "%s and its gradients agree with the interpreter",
    async ([, trials], { expect }) => {
      for (const trial of trials) {
        const { graph } = trialGraph(trial);
        const session = await openSession(lower(graph.outputs).bytes, "webgpu");
        for (const sizes of SIZES) {
          const feeds = trialFeeds(trial, sizes);
          const actual = await session.run(feeds);
          for (const [name, { dims, data }] of Object.entries(interpret(graph.outputs, feeds))) {
            const where = `${name} of ${JSON.stringify(trial.inputs)} with ${JSON.stringify(sizes)}`;
            expect(actual[name]!.dims, where).toEqual(dims);
            expect(relativeError(actual[name]!.data, data, 1), where).toBeLessThan(LIMIT);
          }
        }
        await session.release();
      }
    },
  );

  it("a router's training step has the gradients of its loss", async ({ expect }) => {
    const options = { gradientsOnly: true };
    const { values, outputs } = buildTrainingStep(loss, options);
    const feeds = { ...shaped(values, initialWeights()), ...batchFeeds() };
    const session = await openSession(compileTrainingStep(loss, options).bytes, "webgpu");
    const actual = await session.run(feeds);
    await session.release();
    const rowIds = Array.from(feeds["rowIds"]!.data);
    for (const name of Object.keys(DIMS)) {
      const all = finiteDifferences(outputs, feeds, name);
      const expected =
        name === "lexical"
          ? rowIds.flatMap((row) => all.slice(row * SHAPE.width, (row + 1) * SHAPE.width))
          : all;
      const found = actual[`gradient_${name}`]!.data;
      expect(relativeError(found, expected), name).toBeLessThan(LIMIT);
    }
  });
});
