/**
 * What Gemini answers, whole or as one event of a stream, in OpenAI's words. Both have one shape, so
 * both are read here; google.ts puts the pieces into a completion or into chunks.
 *
 * Text and thoughts come as parts of one list, a call in one piece. A call without an id gets one from
 * the answer's own id and its place, which is what the client's next request will name it by.
 *
 * Source: https://ai.google.dev/api/generate-content#GenerateContentResponse
 */
import { z } from "zod";
import { MAX_CHOICES } from "../../domain/chat.ts";
import { isRecord } from "../../lib/json.ts";

/** More than any model may be asked for. */
const MAX_PARTS = 4_096;

const token = z.looseObject({ token: z.string(), logProbability: z.number() });

const candidate = z.looseObject({
  index: z.int().nonnegative().default(0),
  content: z
    .looseObject({
      parts: z
        .array(
          z.looseObject({
            text: z.string().optional(),
            thought: z.boolean().optional(),
            thoughtSignature: z.string().optional(),
            functionCall: z
              .looseObject({
                id: z.string().optional(),
                name: z.string(),
                args: z.record(z.string(), z.unknown()).optional(),
              })
              .optional(),
          }),
        )
        .max(MAX_PARTS)
        .optional(),
    })
    .optional(),
  finishReason: z.string().optional(),
  logprobsResult: z
    .looseObject({
      chosenCandidates: z.array(token),
      topCandidates: z.array(z.looseObject({ candidates: z.array(token).optional() })).optional(),
    })
    .optional(),
});

const count = z.int().nonnegative().default(0);

/** A whole answer, or one event of a stream. */
export const googleResponse = z.looseObject({
  candidates: z.array(candidate).max(MAX_CHOICES).default([]),
  promptFeedback: z.looseObject({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z
    .looseObject({
      promptTokenCount: count,
      toolUsePromptTokenCount: count,
      cachedContentTokenCount: count,
      candidatesTokenCount: count,
      thoughtsTokenCount: count,
    })
    .optional(),
  modelVersion: z.string().optional(),
  responseId: z.string().optional(),
});

export type GoogleResponse = z.output<typeof googleResponse>;
export type GoogleCandidate = GoogleResponse["candidates"][number];

interface ToolCall extends Record<string, unknown> {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What one candidate says, `""` and `[]` where it says nothing of the kind. */
export interface Said {
  readonly content: string;
  readonly thoughts: string;
  readonly calls: readonly ToolCall[];
  /** Of a part that is no call. */
  readonly signature: string | undefined;
}

/** @param answerId What ids of calls are made of. @param callsBefore Calls of this choice in earlier events. */
export function saidIn(
  { index, content }: GoogleCandidate,
  { answerId, callsBefore }: { answerId: string; callsBefore: number },
): Said {
  let [text, thoughts] = ["", ""];
  let signature: string | undefined;
  const calls: ToolCall[] = [];
  for (const part of content?.parts ?? []) {
    if (part.functionCall !== undefined) {
      const { id, name, args = {} } = part.functionCall;
      calls.push({
        id: id ?? `call_${answerId}_${index}_${callsBefore + calls.length}`,
        type: "function",
        function: { name, arguments: JSON.stringify(args) },
        ...extraContent(part.thoughtSignature),
      });
      continue;
    }
    if (part.thought === true) thoughts += part.text ?? "";
    else text += part.text ?? "";
    signature = part.thoughtSignature ?? signature;
  }
  return { content: text, thoughts, calls, signature };
}

/** Where Google's layer for OpenAI's clients puts a signature. */
export function extraContent(signature: string | undefined): Record<string, unknown> {
  return signature === undefined
    ? {}
    : { extra_content: { google: { thought_signature: signature } } };
}

/** Gemini's reasons for saying no more because of what is said. */
const FILTERED = /^((IMAGE_)?(SAFETY|RECITATION|PROHIBITED_CONTENT)|BLOCKLIST|SPII|LANGUAGE)$/;
/** And for having failed. */
const FAILED =
  /^(MALFORMED_(FUNCTION_CALL|RESPONSE)|(UNEXPECTED|TOO_MANY)_TOOL_CALLS?|MISSING_THOUGHT_SIGNATURE)$/;

/** OpenAI's word for why an answer ended, null for one that goes on, undefined for one that failed. */
export function finishOf(
  reason: string | undefined,
  { hasCalls, isEmpty }: { hasCalls: boolean; isEmpty: boolean },
): string | null | undefined {
  if (reason === undefined) return null;
  if (reason === "MAX_TOKENS") return "length";
  if (FILTERED.test(reason)) return "content_filter";
  // OTHER and words to come: an answer that is there is one.
  if (FAILED.test(reason) || (isEmpty && reason !== "STOP")) return undefined;
  return hasCalls ? "tool_calls" : "stop";
}

/** OpenAI's `usage`; the tokens of thinking are part of the completion, as they are billed. */
export function usageOf(meta: NonNullable<GoogleResponse["usageMetadata"]>): object {
  const prompt = meta.promptTokenCount + meta.toolUsePromptTokenCount;
  const completion = meta.candidatesTokenCount + meta.thoughtsTokenCount;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: meta.cachedContentTokenCount },
    completion_tokens_details: { reasoning_tokens: meta.thoughtsTokenCount },
  };
}

/** OpenAI's `logprobs` of a choice, null where there are none. Gemini does not tell the bytes. */
export function logprobsOf({ logprobsResult: result }: GoogleCandidate): object | null {
  if (result === undefined) return null;
  const content = result.chosenCandidates.map((chosen, at) => ({
    ...logprobOf(chosen),
    top_logprobs: (result.topCandidates?.[at]?.candidates ?? []).map(logprobOf),
  }));
  return { content, refusal: null };
}

function logprobOf({ token: text, logProbability }: z.output<typeof token>) {
  return { token: text, logprob: logProbability, bytes: null };
}

/** Whether an error stands where an answer, or an event of one, should. */
export function isErrorBody(body: unknown): body is Record<string, unknown> {
  return isRecord(body) && Boolean(body["error"]);
}
