/**
 * Which requests may be answered by an earlier answer, and which answers may be kept for it. Whatever is in doubt is
 * not: a cache that says too little costs money, one that says too much costs trust.
 */
import type { ChatRequest } from "../domain/chat.ts";
import { isRecord } from "../lib/json.ts";

/** Why a request is neither looked up nor kept. */
export type Bypass =
  | "live" // it asks for what changes: a search on the web, a file or a picture behind an address
  | "kept_elsewhere"; // it goes on with what a vendor remembers, which is in no key

/** Undefined where the request's answer depends on nothing but the request. */
export function bypassOf(request: ChatRequest): Bypass | undefined {
  const { messages, tools } = request;
  if (CONVERSATIONS.some((field) => isGiven(request[field]))) return "kept_elsewhere";
  if (LIVE.some((field) => isGiven(request[field]))) return "live";
  if (tools?.some(({ type }) => type !== "function" && type !== "custom") === true) return "live";
  const parts = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  return parts.some(isElsewhere) ? "live" : undefined;
}

/** Whether an answer, OpenAI's body of one, is whole and can be given again. */
export function isKeepable({ choices }: Record<string, unknown>): boolean {
  return Array.isArray(choices) && choices.length > 0 && choices.every(isFinishedText);
}

/** Fields that name what a vendor has kept from an earlier request. */
const CONVERSATIONS = ["previous_response_id", "conversation"] as const;
/** Fields that have a vendor look something up; of a model's voice no two answers are alike. */
const LIVE = ["web_search_options", "search_parameters", "audio"] as const;

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whether a part's content lies behind an address, or with a vendor, and not in the request. */
function isElsewhere(part: Record<string, unknown>): boolean {
  return Object.values(part).some((value) => {
    if (!isRecord(value)) return false;
    const { url, file_id: fileId } = value;
    return isGiven(fileId) || (typeof url === "string" && !url.startsWith("data:"));
  });
}

/** Ended by itself and said something; a call of a tool is not for another to make again. */
function isFinishedText(choice: unknown): boolean {
  if (!isRecord(choice) || choice["finish_reason"] !== "stop") return false;
  const { message } = choice;
  if (!isRecord(message)) return false;
  const { content, refusal, tool_calls: calls, function_call: call, audio } = message;
  const isSilent = content === null || content === undefined || content === "";
  const hasCalls = Array.isArray(calls) ? calls.length > 0 : isGiven(calls);
  return !isSilent && !hasCalls && !isGiven(call) && !isGiven(refusal) && !isGiven(audio);
}
