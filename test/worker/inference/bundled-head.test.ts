/** The head that the bundle carries: it starts beside the router, and tells like texts from others. */
import { describe, it } from "vitest";
import { similarity } from "../../../router-models/kin/vector.ts";
import { EMBEDDER } from "../../../worker/inference/bundled-head.ts";
import { heapBytes } from "../../../worker/inference/runtime.ts";

describe("the bundled head", () => {
  it("gives vectors that the index can keep, and an id to keep with them", async ({ expect }) => {
    const vector = await EMBEDDER.embed("What is the capital of Portugal?");
    expect(vector).toHaveLength(EMBEDDER.dimensions);
    expect(EMBEDDER.dimensions % 16).toBe(0);
    expect(Math.hypot(...vector) / 127).toBeCloseTo(1, 1);
    expect(EMBEDDER.id).toMatch(/^[0-9a-f]{64}$/);
  });

  it.for([
    ["How do I undo the last git commit?", "how can i revert my most recent commit in git"],
    ["What is the best way to learn French?", "How should I learn the French language?"],
    ["Write a Python function that reverses a string.", "python code to reverse a string please"],
  ])("finds %j in other words before another question", async ([text, kin], { expect }) => {
    const [a, b, c] = await Promise.all(
      [text!, kin!, "What is a good recipe for onion soup?"].map((words) => EMBEDDER.embed(words)),
    );
    expect(similarity(a!, b!)).toBeGreaterThan(similarity(a!, c!) + 0.3);
  });

  it("says where a vector would not speak for the whole text", ({ expect }) => {
    expect(EMBEDDER.reads("short")).toBe(true);
    expect(EMBEDDER.reads("long ".repeat(2_000))).toBe(false);
  });

  it("leaves the heap within its bounds", ({ expect }) => {
    expect(heapBytes()).toBeLessThan(64 * 2 ** 20);
  });
});
