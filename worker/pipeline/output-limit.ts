/**
 * A limit on the answer that a hard budget could not pay beyond.
 *
 * What a model thinks without showing it is billed, and no watching ends it. So where the money left would not do
 * for the longest answer that the request allows, the vendor is told how long one it does for. Then the vendor
 * itself ends the answer, with the finish reason that such limits have. While there is enough, nothing is said.
 */
import type { ChatRequest } from "../domain/chat.ts";
import { ratesFor } from "../domain/money.ts";
import { isRecord } from "../lib/json.ts";
import { costAtMost } from "./hold.ts";
import type { CatalogModel } from "./ports.ts";

/** The smallest limit that all vendors take. */
const LEAST_TOKENS = 16;

interface Money {
  /** What the call may cost at most, micro-dollars; Infinity where no hard budget pays. */
  readonly leftMicroUsd: number;
  /** Estimated, of the prompt. */
  readonly inputTokens: number;
  readonly model: CatalogModel;
}

/** The request, with the limit where one is needed. */
export function withinMoney(request: ChatRequest, money: Money): ChatRequest {
  const { leftMicroUsd, inputTokens, model } = money;
  const rate = ratesFor(model.price, inputTokens).outputUsdPerMTok;
  const forAnswers = leftMicroUsd - costAtMost(inputTokens, 0, model);
  const tokens = Math.floor(forAnswers / rate / (request.n ?? 1));
  const own = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  if (!(tokens < Math.min(own, model.maxOutputTokens))) return request;
  if (tokens < LEAST_TOKENS || tokens <= thinkingOf(request)) return request;
  return { ...request, max_completion_tokens: tokens };
}

/** Tokens that the client has set apart for thinking: vendors refuse a limit that they do not fit into. */
function thinkingOf({ thinking }: ChatRequest): number {
  const budget = isRecord(thinking) ? thinking["budget_tokens"] : undefined;
  return typeof budget === "number" ? budget : 0;
}
