/**
 * OpenAI's chat-completions format, written out: the one object of a plain answer and the chunks of a streamed
 * one. Order within a stream: the role, the pieces, the finish, and with `include_usage` a last chunk that has
 * no choices but the usage, while every earlier chunk says `usage: null`.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat-streaming
 */
import type { Billed, Choice, Completion } from "./completion.ts";
import { readVendorRequest, type Refusal, type VendorRequest } from "./vendor-request.ts";

/** What an answer says about itself: the upstream's model name, the Unix time in seconds, and what was asked. */
export interface Label {
  readonly model: string;
  readonly createdS: number;
  /** Fields of the request that the answer repeats, in a format whose answers do. */
  readonly echo?: unknown;
}

/** How a vendor is asked and how it answers. */
export interface VendorFormat {
  /** The request in OpenAI's words, in which answers are made up, or why it is refused. */
  read(json: unknown): VendorRequest | Refusal;
  /** The body of a plain answer. */
  body(completion: Completion, label: Label): object;
  /** The events of a streamed answer as they are sent, a piece of the answer in each but first and last ones. */
  frames(completion: Completion, label: Label, hasUsage: boolean): string[];
  /** Whether a streamed answer tells its usage also to who has not asked. */
  readonly hasUsageUnasked?: boolean;
  /** Of each choice: frames before that with its first piece. */
  readonly openingFrames: number;
  /** One event as it is sent after these frames. */
  frame(event: object, sent: readonly string[]): string;
  /** What is sent last. */
  readonly end: string;
  /** The body of a refusal with this status. */
  error(status: number, message: string, details?: ErrorDetails): object;
}

/** The field at fault, and a word for programs, as OpenAI names them. */
interface ErrorDetails {
  readonly param?: string | null;
  readonly code?: string;
}

/** OpenAI's own, which most vendors speak. */
export const OPENAI_FORMAT: VendorFormat = {
  read: readVendorRequest,
  body: completionBody,
  frames: (completion, label, hasUsage) =>
    completionChunks(completion, label, hasUsage).map(dataLine),
  openingFrames: 1,
  frame: dataLine,
  end: "data: [DONE]\n\n",
  error(status, message, details = {}) {
    const [type, code] = STATUS_WORDS[status] ?? ["server_error", undefined];
    return vendorError(message, type, { ...(code !== undefined && { code }), ...details });
  },
};

/**
 * Mistral's: streams take no options, and usage comes with the last chunk.
 * Source: https://docs.mistral.ai/api/endpoint/chat
 */
export const MISTRAL_FORMAT: VendorFormat = {
  ...OPENAI_FORMAT,
  hasUsageUnasked: true,
  frames(completion, label, hasUsage) {
    const chunks = completionChunks(completion, label, false);
    const last = { ...chunks.at(-1), ...(hasUsage && { usage: usageOf(completion.billed) }) };
    return [...chunks.slice(0, -1), last].map(dataLine);
  },
};

function dataLine(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** Types and codes that OpenAI sends with these statuses. */
const STATUS_WORDS: Readonly<Record<number, readonly [type: string, code?: string]>> = {
  400: ["invalid_request_error"],
  401: ["invalid_request_error", "invalid_api_key"],
  403: ["invalid_request_error", "unsupported_country_region_territory"],
  404: ["invalid_request_error", "model_not_found"],
  429: ["requests", "rate_limit_exceeded"],
};

/** The body of a plain answer. */
export function completionBody(completion: Completion, label: Label): object {
  return {
    id: completion.id,
    object: "chat.completion",
    created: label.createdS,
    model: label.model,
    choices: completion.choices.map((choice, index) => ({
      index,
      message: messageOf(choice),
      logprobs: null,
      finish_reason: choice.finishReason,
    })),
    usage: usageOf(completion.billed),
  };
}

/** The chunks of a streamed answer in the order in which they are sent, `[DONE]` not included. */
export function completionChunks(
  completion: Completion,
  label: Label,
  hasUsage: boolean,
): object[] {
  const head = {
    id: completion.id,
    object: "chat.completion.chunk",
    created: label.createdS,
    model: label.model,
  };
  const perChoice = completion.choices.map((choice, index) =>
    deltasOf(choice).map(([delta, finish]) => ({
      ...head,
      choices: [{ index, delta, logprobs: null, finish_reason: finish }],
      ...(hasUsage ? { usage: null } : {}),
    })),
  );
  const longest = Math.max(...perChoice.map((c) => c.length));
  const chunks: object[] = [];
  for (let i = 0; i < longest; i++)
    for (const choice of perChoice) {
      const chunk = choice[i];
      if (chunk !== undefined) chunks.push(chunk);
    }
  if (hasUsage) chunks.push({ ...head, choices: [], usage: usageOf(completion.billed) });
  return chunks;
}

/** OpenAI's error object, as vendors send it. */
export function vendorError(message: string, type: string, details: ErrorDetails = {}): object {
  const { param = null, code = null } = details;
  return { error: { message, type, param, code } };
}

function messageOf({ pieces: text, toolCalls: calls }: Choice): object {
  if (calls.length === 0) return { role: "assistant", content: text.join(""), refusal: null };
  return {
    role: "assistant",
    content: null,
    refusal: null,
    tool_calls: calls.map(({ id, name, pieces }) => ({
      id,
      type: "function",
      function: { name, arguments: pieces.join("") },
    })),
  };
}

type Delta = readonly [delta: object, finishReason: string | null];

function deltasOf(choice: Choice): Delta[] {
  const end: Delta = [{}, choice.finishReason];
  const { toolCalls: calls } = choice;
  if (calls.length === 0) {
    const start: Delta = [{ role: "assistant", content: "", refusal: null }, null];
    return [start, ...choice.pieces.map((content): Delta => [{ content }, null]), end];
  }
  const perCall = calls.map(({ id, name, pieces }, index): Delta[] => {
    const opening = { index, id, type: "function", function: { name, arguments: "" } };
    const role = index === 0 ? { role: "assistant", content: null } : {};
    return [
      [{ ...role, tool_calls: [opening] }, null],
      ...pieces.map((piece): Delta => [
        { tool_calls: [{ index, function: { arguments: piece } }] },
        null,
      ]),
    ];
  });
  return [...perCall.flat(), end];
}

function usageOf({ promptTokens, completionTokens, reasoningTokens }: Billed): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}
