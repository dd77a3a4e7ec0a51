/**
 * The name that an answer is kept under: a hash of all that it depends on, so two requests share one exactly where
 * they ask the same of the same models for the same tenant.
 *
 * What a request says of how its answer travels, or of who asks, is left out; any field that nobody here knows is kept,
 * since it may well change the answer. Objects are the same in any order of their names, and a top-level null is
 * the same as nothing, as vendors have it. Text is never folded: a blank more is another prompt. Router weights are a part
 * of it only where the request names them, so a release empties no cache.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Policy } from "../domain/policy.ts";
import { sha256 } from "../lib/digest.ts";
import { isRecord } from "../lib/json.ts";

export interface Asked {
  /** Whose answers: never shared between tenants, and another after a purge. */
  readonly namespace: string;
  /** `auto`, or the id of the model that the client named, whatever it called it. */
  readonly model: string;
  readonly request: ChatRequest;
  readonly policy: Policy;
}

/** Written into every key: another one makes all older answers unknown. */
const VERSION = "sluice-answer-1";

/** How an answer travels, who asks, and what is said in other words (`model`). */
const NO_PART_OF_ANSWER = new Set([
  "model",
  "stream",
  "stream_options",
  "sluice",
  "user",
  "safety_identifier",
  "metadata",
  "store",
  "service_tier",
  "prompt_cache_key",
  "prompt_cache_retention",
]);

/** 64 hexadecimal digits; undefined for a request that nests deeper than can be written down. */
export async function cacheKeyOf(asked: Asked): Promise<string | undefined> {
  const text = canonical(asked);
  return text === undefined ? undefined : sha256(text);
}

function canonical({ namespace, model, request, policy }: Asked): string | undefined {
  const body = Object.entries(request).filter(
    ([name, value]) => !NO_PART_OF_ANSWER.has(name) && value !== null && value !== undefined,
  );
  const { allow_models: models, preset, quality, max_cost_usd, max_latency_ms, weights } = policy;
  // Who may pay or wait less may have got a lesser answer. Of the models it is the set that counts.
  const limits = { preset, quality, max_cost_usd, max_latency_ms };
  const terms = { ...limits, models: models?.toSorted(), weights };
  try {
    return JSON.stringify([VERSION, namespace, model, terms, Object.fromEntries(body)], inOrder);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // The stack is spent.
    throw error;
  }
}

/** For JSON.stringify: every object's names in one order. */
function inOrder(_name: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
