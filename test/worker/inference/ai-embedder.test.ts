/** Vectors by a model of Workers AI: what is asked for, and what is made of the answer. */
import { describe, it } from "vitest";
import { AiEmbedder } from "../../../worker/inference/ai-embedder.ts";

function embedderOf(answer: unknown) {
  const asked: unknown[] = [];
  const embedder = new AiEmbedder({
    run: async (...input) => {
      asked.push(input);
      return answer;
    },
  });
  return { asked, embedder };
}

describe("AiEmbedder", () => {
  it("asks for one text and makes a unit vector times 127 of it", async ({ expect }) => {
    const numbers = Array.from({ length: 384 }, (_, at) => (at < 2 ? [3, -4][at]! : 0));
    const { asked, embedder } = embedderOf({ shape: [1, 384], data: [numbers], pooling: "mean" });
    const vector = await embedder.embed("Hello");
    expect(Array.from(vector).slice(0, 3)).toEqual([76, -102, 0]);
    expect(vector.length % 16).toBe(0);
    expect(asked).toEqual([["@cf/baai/bge-small-en-v1.5", { text: ["Hello"] }]]);
  });

  it.for([
    [undefined],
    [{ data: [] }],
    [{ data: [[1, 2]] }],
    [{ data: [["1"]] }],
    [new Response()],
  ])("takes no other answer: %j", async ([answer], { expect }) => {
    await expect(embedderOf(answer).embedder.embed("Hello")).rejects.toThrow();
  });

  it("reads no text that the model would cut", ({ expect }) => {
    const { embedder } = embedderOf({});
    expect(embedder.reads("x".repeat(1_500))).toBe(true);
    expect(embedder.reads("x".repeat(1_501))).toBe(false);
  });
});
