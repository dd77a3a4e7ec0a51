/**
 * The whole of a small router as a training step on onnxruntime-node: gradients against finite differences
 * of the interpreter, one step against Adam written out by hand, many steps against the loss itself.
 */
import { describe, it } from "vitest";
import {
  buildTrainingStep,
  compileTrainingStep,
  type StepOptions,
} from "../../../router-models/graph/compile.ts";
import { interpret, shaped, type Feed } from "../../../router-models/graph/interpret.ts";
import { adamScalars } from "../../../router-models/graph/optimizer.ts";
import { finiteDifferences, relativeError } from "./finite-differences.ts";
import { openSession, runOnce } from "./ort.ts";
import { batchFeeds, DIMS, initialWeights, loss, SHAPE } from "./small-model.ts";

const GRADIENT_LIMIT = 2e-6; // float32 rounding of sums of a few dozen terms
const BATCH = batchFeeds();

const { values: VALUES } = buildTrainingStep(loss, { gradientsOnly: true });

function weightFeeds(): Record<string, Feed> {
  return shaped(VALUES, initialWeights());
}

/** A state with moments that are not zero, so that a step must use them. */
function warmState(): Record<string, Feed> {
  const entries = Object.entries(weightFeeds()).flatMap(([name, { dims, data }]) => [
    [name, { dims, data }] as const,
    [`m_${name}`, { dims, data: Float32Array.from(data, (x) => x / 50) }] as const,
    [`v_${name}`, { dims, data: Float32Array.from(data, (x) => (x * x) / 40) }] as const,
  ]);
  return Object.fromEntries(entries);
}

function scalarFeeds(rate: number, step: number): Record<string, Feed> {
  const scalars = Object.entries(adamScalars(rate, step));
  return Object.fromEntries(scalars.map(([name, x]) => [name, { dims: [], data: [x] }]));
}

describe("the training step", () => {
  it("has the gradients of its loss", async ({ expect }) => {
    const options = { gradientsOnly: true };
    const feeds = { ...weightFeeds(), ...BATCH };
    const { bytes } = compileTrainingStep(loss, options);
    const actual = await runOnce(bytes, feeds);
    const { outputs } = buildTrainingStep(loss, options);
    const reference = interpret(outputs, feeds);
    expect(relativeError(actual["loss"]!.data, reference["loss"]!.data)).toBeLessThan(1e-6);
    const rowIds = Array.from(BATCH["rowIds"]!.data);
    for (const name of Object.keys(DIMS)) {
      const all = finiteDifferences(outputs, feeds, name);
      const { width } = SHAPE;
      const expected =
        name === "lexical"
          ? rowIds.flatMap((row) => all.slice(row * width, (row + 1) * width))
          : all;
      const found = actual[`gradient_${name}`]!.data;
      expect(Math.max(...expected.map(Math.abs)), name).toBeGreaterThan(1e-3);
      expect(relativeError(found, expected), name).toBeLessThan(GRADIENT_LIMIT);
      if (name === "lexical") {
        const untouched = all.filter((_, i) => !rowIds.includes(Math.floor(i / width)));
        expect(untouched.every((x) => x === 0)).toBe(true);
      }
    }
  });

  it.for<[string, StepOptions]>([
    ["as it is", {}],
    ["clipped", { clipNorm: 0.05 }],
    ["with a clip that is not reached", { clipNorm: 1e3 }],
    [
      "tuned",
      {
        tuning: {
          lexical: { rateFactor: 3, weightDecay: 0.1 },
          ability: { weightDecay: 0.5 },
          mixer: { rateFactor: 0 },
        },
      },
    ],
  ])("is a step of Adam, %s", async ([, options], { expect }) => {
    const feeds = { ...warmState(), ...BATCH, ...scalarFeeds(0.01, 7) };
    const step = compileTrainingStep(loss, options);
    const actual = await runOnce(step.bytes, feeds);
    const gradients = interpret(buildTrainingStep(loss, { gradientsOnly: true }).outputs, feeds);
    const expected = plainAdam(feeds, gradients, { ...options, rate: 0.01, step: 7 });
    expect(Object.keys(expected).toSorted()).toEqual(Object.keys(step.state).toSorted());
    for (const [name, numbers] of Object.entries(expected)) {
      expect(actual[`${name}_next`]!.dims).toEqual(step.state[name]);
      expect(relativeError(actual[`${name}_next`]!.data, numbers), name).toBeLessThan(1e-6);
    }
  });

  it("declares exactly what it must be fed", ({ expect }) => {
    const { feeds } = compileTrainingStep(loss);
    const names = [...Object.keys(BATCH), "rate", "epsilon", "decayRate"];
    // Without weight decay nothing reads decayRate.
    expect(Object.keys(feeds).toSorted()).toEqual(
      names.filter((n) => n !== "decayRate").toSorted(),
    );
    expect(feeds["rowIds"]).toEqual({ type: "int32", dims: ["U"] });
    expect(feeds["bag"]).toEqual({ type: "float32", dims: ["B", "U"] });
  });

  it("learns, and learns the same every time", async ({ expect }) => {
    const first = await train(300);
    const second = await train(300);
    expect(first.losses.at(-1)!).toBeLessThan(0.75 * first.losses[0]!);
    expect(second).toEqual(first);
  });

  it("refuses what it cannot train or tune", ({ expect }) => {
    expect(() =>
      compileTrainingStep((g) => {
        g.parameter("unused", [2]);
        return g.sum(g.parameter("used", [2]), "all");
      }),
    ).toThrow("Cannot train unused: the loss ignores it");
    expect(() => compileTrainingStep(loss, { tuning: { nobody: {} } })).toThrow(
      "Cannot tune nobody",
    );
    expect(() => compileTrainingStep((g) => g.parameter("p", [2]))).toThrow("loss of shape [2]");
  });
});

async function train(steps: number): Promise<{ losses: number[]; state: Record<string, Feed> }> {
  const step = compileTrainingStep(loss, {
    clipNorm: 1,
    tuning: { lexical: { weightDecay: 0.01 } },
  });
  const session = await openSession(step.bytes);
  const weights = weightFeeds();
  let state: Record<string, Feed> = Object.fromEntries(
    Object.entries(step.state).map(([name, dims]) => {
      const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
      return [name, weights[name] ?? { dims, data }];
    }),
  );
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    const results = await session.run({ ...state, ...BATCH, ...scalarFeeds(0.02, t) });
    losses.push(results["loss"]!.data[0]!);
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`${name}_next`]!]));
  }
  await session.release();
  return { losses, state };
}

/** Adam as in the paper, element by element, in double precision. */
function plainAdam(
  feeds: Readonly<Record<string, Feed>>,
  gradients: Readonly<Record<string, Feed>>,
  { rate, step, clipNorm = Infinity, tuning = {} }: StepOptions & { rate: number; step: number },
): Record<string, Float64Array> {
  const names = Object.keys(DIMS);
  const all = names.flatMap((name) => Array.from(gradients[`gradient_${name}`]!.data));
  const factor = Math.min(1, clipNorm / Math.hypot(...all));
  const next: Record<string, Float64Array> = {};
  for (const name of names) {
    const [p, m, v] = [name, `m_${name}`, `v_${name}`].map((n) =>
      Float64Array.from(feeds[n]!.data),
    );
    const { rateFactor = 1, weightDecay = 0 } = tuning[name] ?? {};
    const rows = name === "lexical" ? Array.from(feeds["rowIds"]!.data) : undefined;
    const gradient = gradients[`gradient_${name}`]!.data;
    for (let k = 0; k < gradient.length; k++) {
      const { width } = SHAPE;
      const i = rows ? rows[Math.floor(k / width)]! * width + (k % width) : k;
      const slope = gradient[k]! * factor;
      const newM = 0.9 * m![i]! + 0.1 * slope;
      const newV = 0.999 * v![i]! + 0.001 * slope ** 2;
      const [mHat, vHat] = [newM / (1 - 0.9 ** step), newV / (1 - 0.999 ** step)];
      m![i] = newM;
      v![i] = newV;
      const decay = rateFactor * rate * weightDecay * p![i]!;
      p![i] = p![i]! - (rateFactor * rate * mHat) / (Math.sqrt(vHat) + 1e-8) - decay;
    }
    Object.assign(next, { [name]: p!, [`m_${name}`]: m!, [`v_${name}`]: v! });
  }
  return next;
}
