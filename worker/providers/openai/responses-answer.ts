/**
 * What an answer of OpenAI's Responses API says, in chat's words: why it ended, what it used, and all of it.
 *
 * The output's items become one message: the texts of its messages in one piece, refusals likewise, calls with
 * the ids by which their results are sent, thoughts as far as they are shown. Items of other types come of
 * tools that OpenAI carries out itself, which chat cannot ask for, and are left out.
 *
 * An answer that was cut off is so even where it ends in a call, whose arguments may be torn.
 *
 * Source: https://platform.openai.com/docs/api-reference/responses/object
 */
import type { UpstreamCompletion, UpstreamFailure } from "../../domain/upstream.ts";
import { countOf, isRecord } from "../../lib/json.ts";
import type { VendorAnswer } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { hiddenError, malformed } from "../failures.ts";

type Fields = Record<string, unknown>;

/** Between thoughts that are apart: parts of a summary are paragraphs. */
export const BETWEEN_THOUGHTS = "\n\n";

/** A whole Response as OpenAI's completion, or the failure that it stands for. */
export function readResponse(
  { body: response, createdS }: VendorAnswer,
  endpoint: Endpoint,
): UpstreamCompletion | UpstreamFailure {
  const { error, status, output } = response;
  if (error || status === "failed") return hiddenError(response, endpoint);
  if (!Array.isArray(output)) return malformed(endpoint, "an answer without output");
  if (status !== undefined && status !== "completed" && status !== "incomplete")
    return malformed(endpoint, "an answer that is not finished");
  const items = output.filter(isRecord);
  const calls = items.filter(isCall);
  if (!calls.every(isCallable)) return malformed(endpoint, "a call without id, name or arguments");
  const body: Fields = {
    ...frameOf(response, "chat.completion", createdS),
    choices: [
      {
        index: 0,
        message: messageOf(items, calls.map(callOf)),
        logprobs: null,
        finish_reason: finishOf(response, calls.length > 0),
      },
    ],
    ...countsOf(response),
  };
  return { kind: "completion", text: JSON.stringify(body), body };
}

/** The fields that a completion and each of its chunks begin with. */
export function frameOf({ id, created_at: at, model }: Fields, object: string, createdS: number) {
  return { id, object, created: typeof at === "number" ? at : createdS, model };
}

/** What a response tells at its end beside the answer: the tier that it was served by, and what it used. */
export function countsOf({ usage, service_tier: tier }: Fields): Fields {
  const counted = usageOf(usage);
  return {
    ...(counted !== undefined && { usage: counted }),
    ...(typeof tier === "string" && { service_tier: tier }),
  };
}

/** OpenAI's finish_reason of a response that has ended. */
export function finishOf(response: Fields, hasCalls: boolean): string {
  const { status, incomplete_details: details } = response;
  const reason = isRecord(details) ? details["reason"] : undefined;
  if (reason === "content_filter") return "content_filter";
  if (status === "incomplete" || reason === "max_output_tokens") return "length";
  return hasCalls ? "tool_calls" : "stop";
}

function usageOf(usage: unknown): Fields | undefined {
  if (!isRecord(usage)) return undefined;
  const input = countOf(usage["input_tokens"]);
  const output = countOf(usage["output_tokens"]);
  if (input === undefined || output === undefined) return undefined;
  const { input_tokens_details: ofInput, output_tokens_details: ofOutput } = usage;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: countOf(usage["total_tokens"]) ?? input + output,
    prompt_tokens_details: {
      cached_tokens: countIn(ofInput, "cached_tokens"),
      cache_write_tokens: countIn(ofInput, "cache_write_tokens"),
    },
    completion_tokens_details: { reasoning_tokens: countIn(ofOutput, "reasoning_tokens") },
  };
}

function countIn(details: unknown, name: string): number {
  return (isRecord(details) ? countOf(details[name]) : undefined) ?? 0;
}

function messageOf(items: readonly Fields[], calls: readonly Fields[]): Fields {
  const parts = items
    .filter(({ type }) => type === "message")
    .flatMap((item) => partsOf(item["content"]));
  const texts = stringsIn(parts, "output_text", "text");
  const refusals = stringsIn(parts, "refusal", "refusal");
  const annotations = parts.flatMap((part) => partsOf(part["annotations"]));
  const thoughts = items.filter(({ type }) => type === "reasoning").flatMap(thoughtsOf);
  const isSilent = texts.length === 0 && calls.length + refusals.length > 0;
  return {
    role: "assistant",
    content: isSilent ? null : texts.join(""),
    refusal: refusals.length > 0 ? refusals.join("") : null,
    ...(annotations.length > 0 && { annotations: annotations.map(annotationOf) }),
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join(BETWEEN_THOUGHTS) }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function thoughtsOf({ summary, content }: Fields): string[] {
  return [
    ...stringsIn(partsOf(summary), "summary_text", "text"),
    ...stringsIn(partsOf(content), "reasoning_text", "text"),
  ].filter((text) => text !== "");
}

function partsOf(list: unknown): Fields[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function stringsIn(parts: readonly Fields[], type: string, field: string): string[] {
  return parts
    .filter((part) => part["type"] === type)
    .map((part) => part[field])
    .filter((text) => typeof text === "string");
}

/** Chat keeps a source's fields in an object named after its type. */
export function annotationOf({ type, ...fields }: Fields): Fields {
  return { type, [String(type)]: fields };
}

/** Whether an item is a call of a function. */
export function isCall(item: Fields): boolean {
  return item["type"] === "function_call";
}

function isCallable({ call_id: id, name, arguments: json }: Fields): boolean {
  return [id, name, json].every((field) => typeof field === "string");
}

function callOf({ call_id: id, name, arguments: json }: Fields): Fields {
  return { id, type: "function", function: { name, arguments: json } };
}
