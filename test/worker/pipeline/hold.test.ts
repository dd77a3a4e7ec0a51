/** What is held for a call: what it probably costs at the dearest rates, and all it may where nobody can watch it. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Candidate } from "../../../worker/domain/decision.ts";
import { costAtMost, holdOf } from "../../../worker/pipeline/hold.ts";
import { estimated, priceOf } from "../../../worker/pipeline/usage.ts";
import { MODELS } from "../fixture/models.ts";

const SMALL = MODELS.find(({ id }) => id === "openai/small")!;
/** One whose cache is dearer to write than its prompt is to read. */
const CACHING = { ...SMALL, price: { ...SMALL.price, cacheWriteUsdPerMTok: 1.25 } };
/** One that gives whole answers only. */
const SILENT = { ...SMALL, capabilities: SMALL.capabilities.filter((one) => one !== "streaming") };
const REQUEST = { model: "auto", messages: [{ role: "user" as const, content: "Hi" }] };
const INPUT_TOKENS = 1_000;

/** 400 tokens at the 90th percentile. */
const CANDIDATE: Candidate = {
  model: SMALL.id,
  score: 0.5,
  standing: 0,
  outputTokensP50: 100,
  costP50MicroUsd: 1_400,
  costP90MicroUsd: 2_600,
  ttftMs: 100,
  ttftP90Ms: 200,
  latencyMs: 1_000,
  latencyP90Ms: 2_000,
};

describe("a hold", () => {
  it.for([
    ["is the 90th percentile", SMALL, {}, 2_600],
    ["has a prompt that the vendor may write to its cache", CACHING, {}, 2_850],
    ["of a stream as well", SILENT, { stream: true }, 2_600],
    ["of an answer that nobody watches is all it may cost", SILENT, {}, 33_000],
    ["as far as the client lets it", SILENT, { max_tokens: 500 }, 3_000],
    ["by the newer name as well", SILENT, { max_completion_tokens: 600, max_tokens: 500 }, 3_400],
    ["for each of its choices", SILENT, { max_tokens: 500, n: 3 }, 7_000],
    ["and never less than what is likely", SILENT, { max_tokens: 1 }, 2_600],
  ] as const)("%s", ([, model, more, microUsd], { expect }) => {
    const input = { request: { ...REQUEST, ...more }, inputTokens: INPUT_TOKENS, model };
    expect(holdOf(CANDIDATE, { ...input, isBounded: true })).toBe(microUsd);
  });

  it("is only what is likely where no hard budget pays", ({ expect }) => {
    const input = { request: REQUEST, inputTokens: INPUT_TOKENS, model: SILENT };
    expect(holdOf(CANDIDATE, { ...input, isBounded: false })).toBe(2_600);
  });

  it("does for any split of the prompt among a vendor's caches", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.nat({ max: 9_999 }),
        fc.nat({ max: 9_999 }),
        fc.nat({ max: 9_999 }),
        (input, output, part) => {
          const cacheWriteInput = Math.min(part, input);
          const cost = priceOf({ ...estimated(input, output), cacheWriteInput }, CACHING);
          // Each part of a price is rounded up.
          expect(cost).toBeLessThanOrEqual(costAtMost(input, output, CACHING) + 1);
        },
      ),
    );
  });
});
