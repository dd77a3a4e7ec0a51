/**
 * The builder: what it refuses, at the line that made the mistake; and the readings' own refusals.
 */
import { describe, it } from "vitest";
import { Graph } from "../../../router-models/graph/graph.ts";
import { interpret } from "../../../router-models/graph/interpret.ts";

function matrices(): { g: Graph; a: ReturnType<Graph["input"]>; w: ReturnType<Graph["input"]> } {
  const g = new Graph("training");
  return { g, a: g.input("a", "float32", ["B", 3]), w: g.input("w", "float32", [4, 2]) };
}

describe("graph", () => {
  it("refuses shapes that do not fit", ({ expect }) => {
    const { g, a, w } = matrices();
    expect(() => g.matmul(a, w)).toThrow("Cannot multiply [B, 3] by [4, 2]");
    expect(() => g.add(a, w)).toThrow("Cannot broadcast [B, 3] with [4, 2]");
    expect(() => g.concat([a, w], 1)).toThrow("Cannot join [4, 2] to [B, 3] along axis 1");
    expect(() => g.concat([a, a], 0)).toThrow("Cannot cut or join [B, 3] at axis 0");
    expect(() => g.sliceColumns(a, 1, 4)).toThrow("Cannot cut 1 to 4 out of axis 1 of [B, 3]");
    expect(() => g.stretchLike(a, w)).toThrow("Cannot");
    expect(() => g.constant([1, 2], [3])).toThrow("Cannot shape 2 numbers as [3]");
  });

  it("does not confuse two free sizes", ({ expect }) => {
    const { g, a } = matrices();
    expect(() => g.add(a, g.input("u", "float32", ["U", 3]))).toThrow("Cannot broadcast");
  });

  it("gives every name once", ({ expect }) => {
    const { g, a } = matrices();
    expect(() => g.parameter("a", [1])).toThrow("Cannot use the name a twice");
    expect(() => g.output("w", a)).toThrow("Cannot use the name w twice");
    g.output("y", a);
    expect(() => g.input("y", "float32", [])).toThrow("Cannot use the name y twice");
  });

  it("has means over fixed and free sizes", ({ expect }) => {
    const { g, a } = matrices();
    g.output("all", g.mean(a, "all"));
    g.output("rows", g.mean(a, 1));
    g.output("columns", g.mean(a, 0));
    const results = interpret(g.outputs, { a: { dims: [2, 3], data: [1, 2, 3, 5, 6, 7] } });
    expect(results["all"]).toEqual({ dims: [], data: Float64Array.of(4) });
    expect(results["rows"]).toEqual({ dims: [2, 1], data: Float64Array.of(2, 6) });
    expect(results["columns"]).toEqual({ dims: [1, 3], data: Float64Array.of(3, 4, 5) });
  });
});

describe("the interpreter", () => {
  it("refuses feeds that are missing or do not fit", ({ expect }) => {
    const { g, a } = matrices();
    const b = g.input("b", "float32", ["B", 1]);
    g.output("y", g.add(a, b));
    const good = { dims: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    expect(() => interpret(g.outputs, { a: good })).toThrow("Cannot evaluate without b");
    const short = { dims: [3, 1], data: [1, 2, 3] };
    expect(() => interpret(g.outputs, { a: good, b: short })).toThrow(
      "Cannot feed b [B, 1] with [3, 1]",
    );
  });

  it("does not need what no output needs", ({ expect }) => {
    const { g, a, w } = matrices();
    g.square(w);
    g.output("y", a);
    const feed = { dims: [1, 3], data: [1, 2, 3] };
    expect(interpret(g.outputs, { a: feed })["y"]!.data).toEqual(Float64Array.of(1, 2, 3));
  });
});
