/**
 * Tokens and their price: each vendor's way to report usage, the estimate where none is reported, held to
 * the rule for prompts, and a price that is whole and never below the exact one.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { estimateInputTokens } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { OutputEstimate, priceOf, readUsage } from "../../../worker/pipeline/usage.ts";
import { MODELS } from "../fixture/models.ts";

describe("readUsage", () => {
  it.for<[string, Record<string, unknown>, Record<string, number>]>([
    ["OpenAI", { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 }, { output: 20 }],
    ["without a total", { prompt_tokens: 10, completion_tokens: 20 }, { output: 20 }],
    [
      "thinking outside completion_tokens",
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 45 },
      { output: 35 },
    ],
    [
      "a total that is too small",
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 3 },
      { output: 20 },
    ],
    [
      "cached tokens",
      { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 4 } },
      { output: 1, cachedInput: 4 },
    ],
    [
      "DeepSeek's name for them",
      { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 4 },
      { output: 1, cachedInput: 4 },
    ],
    [
      "more cached than there are",
      { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 99 },
      { output: 1, cachedInput: 10 },
    ],
    [
      "tokens written to the cache, at most the rest",
      {
        prompt_tokens: 10,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 99 },
      },
      { output: 1, cachedInput: 4, cacheWriteInput: 6 },
    ],
    [
      "no writes",
      { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cache_write_tokens: 0 } },
      { output: 1 },
    ],
  ])("reads %s", ([, usage, expected], { expect }) => {
    expect(readUsage(usage)).toEqual({ input: 10, cachedInput: 0, isEstimate: false, ...expected });
  });

  it("makes nothing of what is no usage", ({ expect }) => {
    for (const value of [undefined, null, {}, { prompt_tokens: -1, completion_tokens: 1 }, "30"])
      expect(readUsage(value)).toBeUndefined();
  });
});

describe("OutputEstimate", () => {
  it("follows the rule by which prompts are estimated, however the text is cut", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (pieces) => {
        const estimate = new OutputEstimate();
        for (const content of pieces) estimate.addMessage({ content });
        const frame = 4; // A prompt's turn has a frame of four tokens; an answer has none.
        const expected = estimateInputTokens(promptOfText(pieces.join(""))) - frame;
        expect(estimate.counts(7)).toEqual({
          input: 7,
          cachedInput: 0,
          output: expected,
          isEstimate: true,
        });
      }),
    );
  });

  it("counts thinking, refusals and the arguments of tool calls", ({ expect }) => {
    const estimate = new OutputEstimate();
    estimate.addMessage({
      content: null,
      refusal: "1234",
      reasoning_content: "1234",
      tool_calls: [{ function: { name: "1234", arguments: "12345678" } }, null, { function: null }],
    });
    expect(estimate.counts(0).output).toBe(5);
  });
});

describe("priceOf", () => {
  const small = MODELS.find(({ id }) => id === "openai/small")!;
  const large = MODELS.find(({ id }) => id === "openai/large")!;
  const counts = { input: 100, cachedInput: 40, output: 10, isEstimate: false };

  it("takes cached tokens at their own price where there is one", ({ expect }) => {
    expect(priceOf(counts, small)).toBe(60 + 4 + 40);
    expect(priceOf(counts, large)).toBe(1_000 + 400);
  });

  it("takes tokens written to the cache at their own price where there is one", ({ expect }) => {
    const writes = { ...counts, cacheWriteInput: 20 };
    const dear = { ...small, price: { ...small.price, cacheWriteUsdPerMTok: 1.25 } };
    expect(priceOf(writes, dear)).toBe(40 + 4 + 25 + 40);
    expect(priceOf(writes, small)).toBe(40 + 4 + 20 + 40);
  });

  it("is a whole number of micro-dollars and never less than the exact price", ({ expect }) => {
    const tokens = fc.nat({ max: 1e6 });
    fc.assert(
      fc.property(tokens, tokens, tokens, (fresh, cachedInput, output) => {
        const input = fresh + cachedInput;
        const price = priceOf({ input, cachedInput, output, isEstimate: false }, small);
        expect(Number.isInteger(price)).toBe(true);
        expect(price).toBeGreaterThanOrEqual(fresh + 0.1 * cachedInput + 4 * output - 1e-3);
      }),
    );
  });
});
