/**
 * What an answer used and what that costs.
 *
 * Vendors disagree about `usage` in two places. Some leave the tokens of thinking out of
 * `completion_tokens` and count them into `total_tokens` only, yet bill them: so what the total has
 * beyond the prompt counts as output. And the number of cached input tokens has two names. Tokens that
 * are written to a cache are told apart only by those who charge more for them.
 *
 * A vendor that reports nothing is estimated from the text, by the rule that also estimates prompts:
 * four ASCII characters to a token, fewer of anything else. An estimate is marked as one.
 */
import { usageSchema } from "../domain/chat.ts";
import { costMicroUsd } from "../domain/money.ts";
import { isRecord } from "../lib/json.ts";
import type { CatalogModel } from "./ports.ts";

export interface TokenCounts {
  /** All input tokens, the cached ones among them. */
  readonly input: number;
  readonly cachedInput: number;
  /** Input tokens written to the vendor's cache, none of them cached before; absent where there are none. */
  readonly cacheWriteInput?: number;
  /** All billed output tokens, thinking included. */
  readonly output: number;
  readonly isEstimate: boolean;
}

/** The counts in a `usage` object, or undefined when it is none. */
export function readUsage(value: unknown): TokenCounts | undefined {
  const parsed = usageSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { prompt_tokens: input, completion_tokens: completion, ...rest } = parsed.data;
  const cached = rest.prompt_tokens_details?.cached_tokens ?? rest["prompt_cache_hit_tokens"];
  const cachedInput = typeof cached === "number" ? clamped(Math.trunc(cached), input) : 0;
  const written = clamped(rest.prompt_tokens_details?.cache_write_tokens ?? 0, input - cachedInput);
  const total = rest["total_tokens"];
  const beyondPrompt = typeof total === "number" && Number.isInteger(total) ? total - input : 0;
  return {
    input,
    cachedInput,
    ...(written > 0 && { cacheWriteInput: written }),
    output: Math.max(completion, beyondPrompt),
    isEstimate: false,
  };
}

function clamped(count: number, most: number): number {
  return Math.min(Math.max(count, 0), most);
}

/** Counts as a `usage` object of OpenAI's, for an answer whose vendor sent none. */
export function usageOf({ input, output }: TokenCounts): Record<string, unknown> {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

/** Counts an answer's text as it comes, for vendors that report no usage. */
export class OutputEstimate {
  #quarters = 0;

  add(text: unknown): void {
    if (typeof text !== "string") return;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      this.#quarters += unit < 128 ? 1 : unit < 0x0e00 ? 2 : 4;
    }
  }

  /** Adds a choice's `message` or `delta`: text, refusal, thinking and the arguments of tool calls. */
  addMessage(message: unknown): void {
    if (!isRecord(message)) return;
    const { content, refusal, reasoning_content: thinking, reasoning, tool_calls: calls } = message;
    for (const text of [content, refusal, thinking ?? reasoning]) this.add(text);
    if (!Array.isArray(calls)) return;
    for (const call of calls) {
      if (!isRecord(call) || !isRecord(call["function"])) continue;
      this.add(call["function"]["name"]);
      this.add(call["function"]["arguments"]);
    }
  }

  counts(inputTokens: number): TokenCounts {
    const output = Math.ceil(this.#quarters / 4);
    return { input: inputTokens, cachedInput: 0, output, isEstimate: true };
  }
}

/** Micro-dollars that these tokens cost at a model's list price; a price that it lacks is the input's. */
export function priceOf(counts: TokenCounts, { price }: CatalogModel): number {
  const { inputUsdPerMTok: fresh } = price;
  const { input, cachedInput, cacheWriteInput = 0 } = counts;
  return (
    costMicroUsd(input - cachedInput - cacheWriteInput, fresh) +
    costMicroUsd(cachedInput, price.cachedInputUsdPerMTok ?? fresh) +
    costMicroUsd(cacheWriteInput, price.cacheWriteUsdPerMTok ?? fresh) +
    costMicroUsd(counts.output, price.outputUsdPerMTok)
  );
}
