/**
 * Tokens and their price: each vendor's way to report usage, what is counted where none is reported, and a
 * price that is whole and never below the exact one.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { ChatRequest } from "../../../worker/domain/chat.ts";
import { countPrompt, countTokens } from "../../../worker/pipeline/token-count.ts";
import {
  AnswerCount,
  priceOf,
  readUsage,
  type TokenCounts,
} from "../../../worker/pipeline/usage.ts";
import { MODELS } from "../fixture/models.ts";

/** What vendors send for one answer, from their own pages, and what is to be made of it. */
const REPORTS: [string, Record<string, unknown>, Partial<TokenCounts>][] = [
  // platform.openai.com/docs/api-reference/chat/object
  [
    "OpenAI, reasoning and cached tokens as parts",
    {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 192, accepted_prediction_tokens: 0 },
    },
    { input: 2006, cachedInput: 1920, output: 300, reasoning: 192 },
  ],
  ["no total", { prompt_tokens: 10, completion_tokens: 20 }, { input: 10, output: 20 }],
  [
    "details that are null, as Groq and vLLM send them",
    { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30, prompt_tokens_details: null },
    { input: 10, output: 20 },
  ],
  // docs.x.ai/docs/key-information/consumption-and-rate-limits: counted apart, in the total only.
  [
    "xAI, reasoning outside of the completion",
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    { input: 32, output: 103, reasoning: 94 },
  ],
  [
    "the same without a total",
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    { input: 32, output: 103, reasoning: 94 },
  ],
  // ai.google.dev/gemini-api/docs/openai: thoughts are in the total only, and nowhere by name.
  [
    "Gemini by its compatible endpoint",
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 45 },
    { input: 10, output: 35 },
  ],
  // api-docs.deepseek.com/api/create-chat-completion
  [
    "DeepSeek",
    {
      prompt_tokens: 10,
      completion_tokens: 6,
      total_tokens: 16,
      prompt_cache_hit_tokens: 4,
      prompt_cache_miss_tokens: 6,
      completion_tokens_details: { reasoning_tokens: 3 },
    },
    { input: 10, cachedInput: 4, output: 6, reasoning: 3 },
  ],
  // platform.kimi.ai/docs/api/chat
  [
    "cached tokens beside the others, as Kimi has them",
    { prompt_tokens: 19, completion_tokens: 13, total_tokens: 32, cached_tokens: 12 },
    { input: 19, cachedInput: 12, output: 13 },
  ],
  // openrouter.ai/docs/use-cases/usage-accounting; its cost is not ours.
  [
    "OpenRouter, and Anthropic by its adapter: written to the cache",
    {
      prompt_tokens: 194,
      completion_tokens: 2,
      total_tokens: 196,
      cost: 0.95,
      prompt_tokens_details: { cached_tokens: 50, cache_write_tokens: 100, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
    { input: 194, cachedInput: 50, cacheWriteInput: 100, output: 2 },
  ],
  [
    "Anthropic by its adapter: written to be kept for an hour, in part",
    {
      prompt_tokens: 30,
      completion_tokens: 2,
      prompt_tokens_details: {
        cached_tokens: 0,
        cache_write_tokens: 20,
        cache_write_1h_tokens: 15,
      },
    },
    { input: 30, cacheWriteInput: 20, cacheWriteHourInput: 15, output: 2 },
  ],
  [
    "a total that is too small",
    { prompt_tokens: 10, completion_tokens: 20, total_tokens: 3 },
    { input: 10, output: 20 },
  ],
  [
    "more of the cache than there is",
    {
      prompt_tokens: 10,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 99 },
    },
    { input: 10, cachedInput: 8, cacheWriteInput: 2, output: 1 },
  ],
  [
    "details that are nonsense",
    {
      prompt_tokens: 10,
      completion_tokens: 1,
      total_tokens: "11",
      prompt_tokens_details: { cached_tokens: -4, cache_write_tokens: 0.5 },
      completion_tokens_details: [7],
    },
    { input: 10, output: 1 },
  ],
];

const NOTHING = { cachedInput: 0, isEstimate: false };

describe("readUsage", () => {
  it.for(REPORTS)("reads %s", ([, usage, expected], { expect }) => {
    expect(readUsage(usage)).toEqual({ ...NOTHING, ...expected });
  });

  it("makes nothing of what is no usage, or counted nothing", ({ expect }) => {
    const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    const negative = { prompt_tokens: -1, completion_tokens: 1 };
    const absurd = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 9e15 };
    for (const value of [undefined, null, {}, negative, zeros, absurd, "30"])
      expect(readUsage(value)).toBeUndefined();
  });
});

describe("AnswerCount", () => {
  const request: ChatRequest = { model: "auto", messages: [{ role: "user", content: "Hi" }] };
  const state = { isWhole: true, request };
  const REPORT = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

  it("counts every text of every choice by itself, and the prompt", ({ expect }) => {
    const answer = new AnswerCount();
    const call = { index: 0, function: { name: "look_up", arguments: '{"a":' } };
    answer.add({ index: 0, delta: { content: "extra", tool_calls: [call] } });
    answer.add({ index: 1, delta: { content: "other", reasoning_content: "think" } });
    const rest = { index: 0, function: { arguments: "1}" } };
    answer.add({ index: 0, delta: { content: "ordinary", tool_calls: [rest, null, {}] } });
    answer.add({ index: 1, delta: { refusal: "no", reasoning: "ing" } });
    answer.add({ index: 2, delta: null });
    const texts = ["extraordinary", "look_up", '{"a":1}', "other", "thinking", "no"];
    const output = texts.reduce((sum, text) => sum + countTokens(text), 0);
    expect(answer.counts(undefined, state)).toEqual({
      ...NOTHING,
      input: countPrompt(request),
      output,
      isEstimate: true,
    });
  });

  it("counts speech, parts that think, and calls of every kind", ({ expect }) => {
    const answer = new AnswerCount();
    const thinking = [{ type: "text", text: "hm, well" }];
    const content = [
      { type: "thinking", thinking },
      { type: "text", text: "so" },
    ];
    answer.add({ index: 0, delta: { content } });
    answer.add({ index: 0, delta: { audio: { transcript: "spoken words" } } });
    answer.add({ index: 0, delta: { function_call: { name: "old", arguments: "{}" } } });
    const custom = { index: 0, custom: { name: "run", input: "print(1)" } };
    answer.add({ index: 0, delta: { tool_calls: [custom] } });
    const texts = ["hm, well", "so", "spoken words", "old", "{}", "run", "print(1)"];
    expect(answer.tokens).toBe(texts.reduce((sum, text) => sum + countTokens(text), 0));
  });

  it("believes a vendor's count of a whole answer", ({ expect }) => {
    const answer = new AnswerCount();
    answer.add({ index: 0, message: { content: "word ".repeat(100) } });
    expect(answer.counts(REPORT, state)).toMatchObject({ output: 20, isEstimate: false });
  });

  it("believes none that is older than the answer, or leaves it out", ({ expect }) => {
    const answer = new AnswerCount();
    answer.add({ index: 0, delta: { content: "word ".repeat(100) } });
    const left = { ...state, isWhole: false };
    expect(answer.counts(REPORT, left)).toMatchObject({ input: 10, output: 100, isEstimate: true });
    const promptOnly = { prompt_tokens: 10, completion_tokens: 0 };
    expect(answer.counts(promptOnly, state)).toMatchObject({ input: 10, output: 100 });
  });

  it("keeps a count that is newer than the text", ({ expect }) => {
    const answer = new AnswerCount();
    answer.add({ index: 0, delta: { content: "word" } });
    const left = { ...state, isWhole: false };
    expect(answer.counts(REPORT, left)).toMatchObject({ output: 20, isEstimate: false });
  });
});

describe("priceOf", () => {
  const small = MODELS.find(({ id }) => id === "openai/small")!;
  const large = MODELS.find(({ id }) => id === "openai/large")!;
  const counts = { ...NOTHING, input: 100, cachedInput: 40, output: 10 };

  it("takes cached tokens at their own price where there is one", ({ expect }) => {
    expect(priceOf(counts, small)).toBe(60 + 4 + 40);
    expect(priceOf(counts, large)).toBe(1_000 + 400);
  });

  it("takes tokens written to the cache at theirs, or else as input", ({ expect }) => {
    const written = { ...counts, cacheWriteInput: 20 };
    expect(priceOf(written, small)).toBe(40 + 4 + 20 + 40);
    const price = { ...small.price, cacheWriteUsdPerMTok: 1.25 };
    expect(priceOf(written, { ...small, price })).toBe(40 + 4 + 25 + 40);
  });

  it("takes those that are kept for an hour at theirs, or else as the others", ({ expect }) => {
    const written = { ...counts, cacheWriteInput: 20, cacheWriteHourInput: 10 };
    const price = { ...small.price, cacheWriteUsdPerMTok: 1.5 };
    expect(priceOf(written, { ...small, price })).toBe(40 + 4 + 30 + 40);
    const hour = { ...price, cacheWriteHourUsdPerMTok: 2 };
    expect(priceOf(written, { ...small, price: hour })).toBe(40 + 4 + 15 + 20 + 40);
  });

  it("takes all tokens of a long prompt, and its answer's, at their own rates", ({ expect }) => {
    const longPrompts = { aboveTokens: 100, inputUsdPerMTok: 2, outputUsdPerMTok: 6 };
    const model = { ...small, price: { ...small.price, longPrompts } };
    expect(priceOf(counts, model)).toBe(60 + 4 + 40);
    expect(priceOf({ ...counts, input: 101 }, model)).toBe(122 + 80 + 60);
  });

  it("is a whole number of micro-dollars and never less than the exact price", ({ expect }) => {
    const tokens = fc.nat({ max: 1e6 });
    fc.assert(
      fc.property(tokens, tokens, tokens, (fresh, cachedInput, output) => {
        const input = fresh + cachedInput;
        const price = priceOf({ ...NOTHING, input, cachedInput, output }, small);
        expect(Number.isInteger(price)).toBe(true);
        expect(price).toBeGreaterThanOrEqual(fresh + 0.1 * cachedInput + 4 * output - 1e-3);
      }),
    );
  });
});
