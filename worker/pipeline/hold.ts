/**
 * What is held for a call before it is made: what it costs at the forecast's 90th percentile of its answer.
 *
 * A vendor may bill the prompt as written to its cache, and some do so unasked, so it is held at the dearer rate.
 * An answer that cannot be watched as it comes may cost all that its limit allows, and where a budget is hard that
 * is what is held.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Candidate } from "../domain/decision.ts";
import { canStream } from "../routing/requirements.ts";
import type { CatalogModel } from "./ports.ts";
import { estimated, priceOf } from "./usage.ts";

/** Micro-dollars of so many tokens at the dearest rates that a vendor may bill them at. */
export function costAtMost(input: number, output: number, model: CatalogModel): number {
  const counts = estimated(input, output);
  return Math.max(priceOf(counts, model), priceOf({ ...counts, cacheWriteInput: input }, model));
}

interface HoldInput {
  readonly request: ChatRequest;
  /** Estimated, of the prompt. */
  readonly inputTokens: number;
  readonly model: CatalogModel;
  /** Whether a hard budget pays for it. */
  readonly isBounded: boolean;
}

/** Micro-dollars to be held for one call. */
export function holdOf({ costP90MicroUsd: p90 }: Candidate, input: HoldInput): number {
  const { request, inputTokens, model, isBounded } = input;
  const prompt = priceOf(estimated(inputTokens, 0), model);
  const likely = p90 - prompt + costAtMost(inputTokens, 0, model);
  if (!isBounded || request.stream === true || canStream(request, model)) return likely;
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const most = Math.min(limit, model.maxOutputTokens) * (request.n ?? 1);
  return Math.max(costAtMost(inputTokens, most, model), likely);
}
