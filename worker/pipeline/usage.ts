/**
 * What an answer used and what that costs.
 *
 * A vendor's own count is what it bills, so it comes first. Vendors disagree about it in three places. Some
 * leave the tokens of thinking out of `completion_tokens` and bill them: then they show in `total_tokens`,
 * or as more reasoning than there is completion. The number of cached input tokens has three names. And a
 * router's own `cost` is not read: list prices are what budgets, forecasts and savings are stated in.
 *
 * Where the vendor's count is missing, all zeros, or older than the answer (a stream that was left or torn
 * has usage from its beginning at best), the text itself is counted; such counts are marked as estimates.
 *
 * Sources: https://platform.openai.com/docs/api-reference/chat/object and the vendors' pages that the test names.
 */
import { usageSchema, type ChatRequest } from "../domain/chat.ts";
import { costMicroUsd, ratesFor } from "../domain/money.ts";
import type { UpstreamCompletion } from "../domain/upstream.ts";
import { isRecord } from "../lib/json.ts";
import type { CatalogModel } from "./ports.ts";
import { countPrompt, RunningCount } from "./token-count.ts";

export interface TokenCounts {
  /** All input tokens, the cached ones among them. */
  readonly input: number;
  readonly cachedInput: number;
  /** Input tokens written to the vendor's cache, none of them cached before; absent where there are none. */
  readonly cacheWriteInput?: number;
  /** Those of `cacheWriteInput` that are to stay there for an hour, not minutes; absent where there are none. */
  readonly cacheWriteHourInput?: number;
  /** All billed output tokens, thinking included. */
  readonly output: number;
  /** Those of `output` that were thinking; absent where the vendor does not say. */
  readonly reasoning?: number;
  readonly isEstimate: boolean;
}

/** Far beyond every window; a count above it is an error of the vendor's, and nobody's bill. */
export const MAX_REPORTED_TOKENS = 100_000_000;

/** The counts in a `usage` object, or undefined when it is none, only zeros, or absurd. */
export function readUsage(value: unknown): TokenCounts | undefined {
  const parsed = usageSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const usage = parsed.data;
  const { prompt_tokens: input, completion_tokens: completion } = usage;
  const prompt = recordOf(usage["prompt_tokens_details"]);
  const cached =
    wholeOf(prompt["cached_tokens"]) ||
    wholeOf(usage["prompt_cache_hit_tokens"]) ||
    wholeOf(usage["cached_tokens"]);
  const cachedInput = Math.min(cached, input);
  const written = Math.min(wholeOf(prompt["cache_write_tokens"]), input - cachedInput);
  const forHour = Math.min(wholeOf(prompt["cache_write_1h_tokens"]), written);
  const reasoning = wholeOf(recordOf(usage["completion_tokens_details"])["reasoning_tokens"]);
  const beside = reasoning > completion ? completion + reasoning : completion;
  const output = Math.max(beside, wholeOf(usage["total_tokens"]) - input);
  if (input === 0 && output === 0) return undefined;
  if (Math.max(input, output) > MAX_REPORTED_TOKENS) return undefined;
  return {
    input,
    cachedInput,
    output,
    ...(written > 0 && { cacheWriteInput: written }),
    ...(forHour > 0 && { cacheWriteHourInput: forHour }),
    ...(reasoning > 0 && { reasoning }),
    isEstimate: false,
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** A count or an index as vendors send it; 0 for what is none. */
function wholeOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** Reads along what an answer says, for when its tokens must be counted here. */
export class AnswerCount {
  readonly #text = new RunningCount();

  /** Adds a choice's `message` or `delta`: text, refusal, thinking, speech and the calls of tools. */
  add(choice: Record<string, unknown>): void {
    const message = choice["message"] ?? choice["delta"];
    if (!isRecord(message)) return;
    const index = wholeOf(choice["index"]);
    const { content, refusal, reasoning_content: thinking, reasoning, tool_calls: calls } = message;
    this.#addContent(`${index} content`, content);
    this.#addText(`${index} refusal`, refusal);
    this.#addText(`${index} thinking`, thinking ?? reasoning);
    this.#addText(`${index} speech`, recordOf(message["audio"])["transcript"]);
    this.#addCall(`${index} function`, message["function_call"]);
    if (!Array.isArray(calls)) return;
    for (const [at, call] of calls.entries()) {
      const { index: own, function: called, custom } = recordOf(call);
      this.#addCall(`${index} call ${wholeOf(own ?? at)}`, called ?? custom);
    }
  }

  /** Text, or the parts that some vendors think in. */
  #addContent(key: string, content: unknown): void {
    this.#addText(key, content);
    if (!Array.isArray(content)) return;
    for (const part of content) {
      const { text, thinking } = recordOf(part);
      this.#addText(key, text);
      this.#addContent(`${key} thinking`, thinking);
    }
  }

  #addCall(key: string, call: unknown): void {
    const { name, arguments: given, input } = recordOf(call);
    this.#addText(`${key} name`, name);
    this.#addText(key, given ?? input);
  }

  #addText(key: string, text: unknown): void {
    if (typeof text === "string" && text !== "") this.#text.add(key, text);
  }

  /** Tokens of all texts so far. */
  get tokens(): number {
    return this.#text.tokens;
  }

  /**
   * What the answer used. @param isWhole Whether the answer is over, so that a report covers all of it.
   * @param request Its prompt is counted where the vendor has not.
   */
  counts(reported: unknown, { isWhole, request }: AnswerState): TokenCounts {
    const usage = readUsage(reported);
    if (usage !== undefined && isWhole && usage.output > 0) return usage;
    const { tokens } = this.#text;
    if (usage === undefined) return estimated(countPrompt(request), tokens);
    return tokens > usage.output ? { ...usage, output: tokens, isEstimate: true } : usage;
  }
}

interface AnswerState {
  readonly isWhole: boolean;
  readonly request: ChatRequest;
}

/** What a whole answer used. Its texts are counted only where nothing was reported. */
export function countsOf(
  { body }: Pick<UpstreamCompletion, "body">,
  request: ChatRequest,
): TokenCounts {
  const { choices, usage } = body;
  const reported = readUsage(usage);
  if (reported !== undefined && reported.output > 0) return reported;
  const answer = new AnswerCount();
  if (Array.isArray(choices))
    for (const choice of choices) if (isRecord(choice)) answer.add(choice);
  return answer.counts(usage, { isWhole: true, request });
}

/** Counts that nobody but us has made. */
export function estimated(input: number, output: number): TokenCounts {
  return { input, cachedInput: 0, output, isEstimate: true };
}

/** Counts as a `usage` object of OpenAI's, for an answer whose vendor sent none. */
export function usageOf({ input, output }: TokenCounts): Record<string, unknown> {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

/** Micro-dollars that these tokens cost at list price; what has no price of its own has the more general one. */
export function priceOf(counts: TokenCounts, { price }: CatalogModel): number {
  const rates = ratesFor(price, counts.input);
  const { inputUsdPerMTok: fresh, cacheWriteUsdPerMTok: write = fresh } = rates;
  const { input, cachedInput, cacheWriteInput = 0, cacheWriteHourInput = 0 } = counts;
  return (
    costMicroUsd(input - cachedInput - cacheWriteInput, fresh) +
    costMicroUsd(cachedInput, rates.cachedInputUsdPerMTok ?? fresh) +
    costMicroUsd(cacheWriteInput - cacheWriteHourInput, write) +
    costMicroUsd(cacheWriteHourInput, rates.cacheWriteHourUsdPerMTok ?? write) +
    costMicroUsd(counts.output, rates.outputUsdPerMTok)
  );
}
