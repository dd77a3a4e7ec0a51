/**
 * The inference model of a small router: onnxruntime-node and onnxruntime-web load the same bytes and answer
 * what the interpreter answers on the weights that ship.
 */
import * as web from "onnxruntime-web/wasm";
import { describe, it } from "vitest";
import { buildInference, compileInference } from "../../../router-models/graph/compile.ts";
import { interpret, shaped, type Feed } from "../../../router-models/graph/interpret.ts";
import { relativeError } from "./finite-differences.ts";
import { floats, openSession } from "./ort.ts";
import { countIds, inference, initialWeights, PROMPTS } from "./small-model.ts";

const LIMIT = 1e-6;
const MODEL = compileInference(inference, initialWeights());

function promptFeeds(prompt: readonly number[]): Record<string, Feed> {
  const { ids, weights } = countIds(prompt);
  return {
    ids: { dims: [ids.length], data: ids },
    weights: { dims: [1, ids.length], data: weights },
    statistics: { dims: [1, 3], data: [0.5, -0.25, 0.75] },
  };
}

function reference(feeds: Record<string, Feed>): Record<string, Feed> {
  const { values, outputs } = buildInference(inference);
  return interpret(outputs, { ...feeds, ...shaped(values, MODEL.parameters) });
}

/** The empty prompt in both forms that a host may choose. */
const CASES = [
  ...PROMPTS.map(promptFeeds),
  { ...promptFeeds([0]), weights: { dims: [1, 1], data: [0] } },
];

describe("the inference model", () => {
  it("agrees with the interpreter on onnxruntime-node", async ({ expect }) => {
    const session = await openSession(MODEL.bytes);
    for (const feeds of CASES) {
      const [actual, expected] = [await session.run(feeds), reference(feeds)];
      expect(Object.keys(actual)).toEqual(["quality", "task", "tokens"]);
      for (const [name, { dims, data }] of Object.entries(expected)) {
        expect(actual[name]!.dims).toEqual(dims);
        expect(relativeError(actual[name]!.data, data)).toBeLessThan(LIMIT);
      }
    }
    await session.release();
  });

  it("agrees with the interpreter on onnxruntime-web", async ({ expect }) => {
    web.env.wasm.numThreads = 1;
    const session = await web.InferenceSession.create(MODEL.bytes, {
      executionProviders: ["wasm"],
    });
    for (const { ids, weights, statistics } of CASES) {
      const actual = await session.run({
        ids: new web.Tensor("int32", Int32Array.from(ids!.data), ids!.dims),
        weights: new web.Tensor("float32", Float32Array.from(weights!.data), weights!.dims),
        statistics: new web.Tensor(
          "float32",
          Float32Array.from(statistics!.data),
          statistics!.dims,
        ),
      });
      const expected = reference({ ids: ids!, weights: weights!, statistics: statistics! });
      for (const [name, { data }] of Object.entries(expected))
        expect(relativeError(floats(actual[name]!.data), data)).toBeLessThan(LIMIT);
    }
    await session.release();
  });

  it("is the same bytes for the same weights", ({ expect }) => {
    const again = compileInference(inference, initialWeights());
    expect(again.bytes).toEqual(MODEL.bytes);
  });

  it("refuses weights that are missing or misshapen", ({ expect }) => {
    const { mixer: _, ...rest } = initialWeights();
    expect(() => compileInference(inference, rest)).toThrow("weights of mixer");
    const short = { ...rest, mixer: new Float32Array(23) };
    expect(() => compileInference(inference, short)).toThrow("Cannot shape 23 weights of mixer");
  });
});
