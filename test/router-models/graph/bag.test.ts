/**
 * The bag of table rows: its two forms give the same vector for the same prompt, up to the rounding of the
 * shipped table, and that rounding is bounded.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  buildInference,
  buildTrainingStep,
  compileInference,
} from "../../../router-models/graph/compile.ts";
import { Graph } from "../../../router-models/graph/graph.ts";
import { interpret, shaped } from "../../../router-models/graph/interpret.ts";
import { dequantize, quantizeColumns } from "../../../router-models/graph/quantize.ts";
import { bagFeeds, countIds } from "./small-model.ts";

const [ROWS, WIDTH] = [9, 3];
const finite = fc.float({ min: -4, max: 4, noNaN: true });
const tables = fc
  .array(finite, { minLength: ROWS * WIDTH, maxLength: ROWS * WIDTH })
  .map((x) => Float32Array.from(x));
const prompts = fc.array(fc.array(fc.nat(ROWS - 1), { maxLength: 12 }), {
  minLength: 1,
  maxLength: 4,
});

function define(g: Graph): void {
  g.output("y", g.bag("table", { rows: ROWS, width: WIDTH }));
}

/** The vector of one prompt as inference computes it. */
function served(
  prompt: readonly number[],
  parameters: Readonly<Record<string, Float32Array>>,
): Float64Array {
  const { ids, weights } = countIds(prompt);
  const { outputs, values } = buildInference(define);
  return interpret(outputs, {
    ids: { dims: [ids.length], data: ids },
    weights: { dims: [1, ids.length], data: weights },
    ...shaped(values, parameters),
  })["y"]!.data;
}

/** The vectors of a batch as training computes them: [B, WIDTH]. */
function trained(
  batch: readonly (readonly number[])[],
  parameters: Readonly<Record<string, Float32Array>>,
): Float64Array {
  const graph = new Graph("training");
  define(graph);
  return interpret(graph.outputs, {
    ...bagFeeds(batch),
    table: { dims: [ROWS, WIDTH], data: parameters["table"]! },
  })["y"]!.data;
}

describe("bag", () => {
  it("is the same vector in training as in inference", ({ expect }) => {
    fc.assert(
      fc.property(tables, prompts, (table, batch) => {
        const { parameters } = compileInference(define, { table });
        const all = trained(batch, parameters);
        // Against the table, not the result: entries of opposite signs may cancel to almost nothing.
        const bound = 1e-6 * parameters["table"]!.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
        batch.forEach((prompt, b) => {
          served(prompt, parameters).forEach((x, d) => {
            expect(Math.abs(x - all[b * WIDTH + d]!)).toBeLessThanOrEqual(bound);
          });
        });
      }),
    );
  });

  it("moves by little more than the rounding of its entries", ({ expect }) => {
    fc.assert(
      fc.property(
        tables,
        fc.array(fc.nat(ROWS - 1), { minLength: 1, maxLength: 12 }),
        (table, prompt) => {
          const shipped = compileInference(define, { table }).parameters;
          const [rough, exact] = [served(prompt, shipped), trained([prompt], { table })];
          const { scales } = quantizeColumns(table, WIDTH);
          rough.forEach((x, d) => {
            // Σ |w| <= √n where ‖w‖ = 1.
            const bound = (Math.sqrt(new Set(prompt).size) * scales[d]!) / 2;
            expect(Math.abs(x - exact[d]!)).toBeLessThanOrEqual(bound * 1.0001);
          });
        },
      ),
    );
  });

  it("is zero for a prompt without ids", ({ expect }) => {
    const parameters = { table: new Float32Array(ROWS * WIDTH).fill(1) };
    expect([...served([], parameters)]).toEqual([0, 0, 0]);
    expect([...trained([[], [2]], parameters)]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("weighs rows: a worked case", ({ expect }) => {
    const table = new Float32Array(ROWS * WIDTH);
    table.set([1, 0, 0], 0);
    table.set([0, 1, 0], WIDTH);
    const y = served([0, 0, 0, 1, 1, 1, 1], { table }); // 3 and 4 times.
    expect([...y]).toEqual([0.6, 0.8, 0]);
  });

  it("shares one list of ids among its tables", ({ expect }) => {
    const { outputs, values } = buildInference((g) => {
      g.output("a", g.bag("first", { rows: 4, width: 2 }));
      g.output("b", g.bag("second", { rows: 4, width: 3 }));
    });
    const inputs = values.flatMap(({ source }) => (source.kind === "input" ? [source.name] : []));
    expect(inputs.toSorted()).toEqual(["ids", "weights"]);
    expect([...outputs.keys()]).toEqual(["a", "b"]);
    expect(() =>
      buildTrainingStep((g) => {
        g.bag("first", { rows: 4, width: 2 });
        return g.sum(g.bag("second", { rows: 5, width: 2 }), "all");
      }),
    ).toThrow("Cannot share ids between tables of 4 and 5 rows");
  });
});

describe("rounding to 8 bits and to 4", () => {
  it("moves an entry by at most half a scale, and keeps zero", ({ expect }) => {
    fc.assert(
      fc.property(tables, fc.constantFrom(8, 4), (table, bits) => {
        const quantized = quantizeColumns(table, WIDTH, bits);
        dequantize(quantized).forEach((x, i) => {
          const half = quantized.scales[i % WIDTH]! / 2;
          expect(Math.abs(x - table[i]!)).toBeLessThanOrEqual(half * 1.0001);
          if (table[i] === 0) expect(x).toBe(0);
        });
      }),
    );
  });

  it("uses all bits, in each column", ({ expect }) => {
    const { codes } = quantizeColumns(Float32Array.of(-4, 0.012, 2.5, 0.02), 2);
    expect([...codes]).toEqual([-127, 76, 79, 127]);
    expect([...quantizeColumns(Float32Array.of(-4, 0.012, 2.5, 0.02), 2, 4).codes]).toEqual([
      -7, 4, 4, 7,
    ]);
    expect([...quantizeColumns(new Float32Array(2), 1).codes]).toEqual([0, 0]);
  });

  it("is as asked for: none with 32 bits", ({ expect }) => {
    const table = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i));
    expect(compileInference(define, { table }, 32).parameters["table"]).toEqual(table);
    const { parameters } = compileInference(define, { table }, 4);
    expect(parameters["table"]).toEqual(dequantize(quantizeColumns(table, WIDTH, 4)));
    expect(parameters["table"]).not.toEqual(dequantize(quantizeColumns(table, WIDTH)));
  });

  it("refuses what has no 8-bit form", ({ expect }) => {
    expect(() => quantizeColumns(Float32Array.of(1, NaN), 1)).toThrow("Cannot quantise NaN");
  });
});
