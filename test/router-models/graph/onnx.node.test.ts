/**
 * The byte writer where lower.ts does not reach: every element type and every kind of attribute is read
 * back by onnxruntime-node as it was meant.
 */
import { describe, it } from "vitest";
import { writeModel, type NodeSpec, type TensorSpec } from "../../../router-models/graph/onnx.ts";
import { runOnce } from "./ort.ts";

function cast(input: string): NodeSpec {
  return { operator: "Cast", inputs: [input], output: `${input}_out`, attributes: { to: 1 } };
}

describe("the ONNX writer", () => {
  it("writes tensors of every type, negative and large numbers included", async ({ expect }) => {
    const constants: TensorSpec[] = [
      { name: "f32", type: "float32", dims: [2], data: Float32Array.of(-1.5, 3e30) },
      { name: "i32", type: "int32", dims: [2], data: Int32Array.of(-7, 2 ** 24) },
      { name: "i64", type: "int64", dims: [2], data: BigInt64Array.of(-3n, 2n ** 40n) },
      { name: "i8", type: "int8", dims: [2], data: Int8Array.of(-128, 127) },
      { name: "u8", type: "uint8", dims: [2], data: Uint8Array.of(0, 255) },
      // A view into a larger buffer writes its own part only.
      { name: "view", type: "uint8", dims: [2], data: Uint8Array.of(9, 8, 7, 6).subarray(1, 3) },
    ];
    const bytes = writeModel({
      nodes: constants.map(({ name }) => cast(name)),
      constants,
      inputs: [],
      outputs: constants.map(({ name }) => ({ name: `${name}_out`, type: "float32", dims: [2] })),
    });
    const results = await runOnce(bytes, {});
    const read = constants.map(({ name }) => Array.from(results[`${name}_out`]!.data));
    expect(read).toEqual([
      [-1.5, Math.fround(3e30)],
      [-7, 2 ** 24],
      [-3, 2 ** 40],
      [-128, 127],
      [0, 255],
      [8, 7],
    ]);
  });

  it("writes attributes of every kind, negative integers included", async ({ expect }) => {
    const nodes: NodeSpec[] = [
      { operator: "Elu", inputs: ["x"], output: "float", attributes: { alpha: { float: 0.5 } } },
      { operator: "Transpose", inputs: ["x"], output: "integers", attributes: { perm: [1, 0] } },
      { operator: "Softmax", inputs: ["x"], output: "integer", attributes: { axis: -2 } },
      { operator: "Pad", inputs: ["x", "pads"], output: "text", attributes: { mode: "edge" } },
    ];
    const bytes = writeModel({
      nodes,
      constants: [
        { name: "pads", type: "int64", dims: [4], data: BigInt64Array.of(0n, 1n, 0n, 0n) },
      ],
      inputs: [{ name: "x", type: "float32", dims: ["N", 2] }],
      outputs: nodes.map(({ output }) => ({ name: output, type: "float32", dims: ["M", "K"] })),
    });
    const results = await runOnce(bytes, { x: { dims: [1, 2], data: [-1, 3] } });
    expect(results["float"]!.data[0]).toBeCloseTo(0.5 * (Math.exp(-1) - 1), 6);
    expect(results["integers"]!.dims).toEqual([2, 1]);
    expect(Array.from(results["integer"]!.data)).toEqual([1, 1]);
    expect(Array.from(results["text"]!.data)).toEqual([-1, -1, 3]);
  });
});
