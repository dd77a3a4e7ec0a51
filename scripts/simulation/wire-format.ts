/**
 * OpenAI's chat-completions format, written out: the one object of a plain answer and the chunks of a streamed
 * one. Order within a stream: the role, the pieces, the finish, and with `include_usage` a last chunk that has
 * no choices but the usage, while every earlier chunk says `usage: null`.
 *
 * Source: https://platform.openai.com/docs/api-reference/chat-streaming
 */
import type { Billed, Choice, Completion } from "./completion.ts";

/** What an answer says about itself: the upstream's model name and the Unix time in seconds. */
export interface Label {
  readonly model: string;
  readonly createdS: number;
}

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
export function vendorError(
  message: string,
  type: string,
  details: { param?: string | null; code?: string } = {},
): object {
  const { param = null, code = null } = details;
  return { error: { message, type, param, code } };
}

function messageOf({ pieces, toolCall }: Choice): object {
  if (toolCall === undefined) return { role: "assistant", content: pieces.join(""), refusal: null };
  const call = { name: toolCall.name, arguments: toolCall.pieces.join("") };
  return {
    role: "assistant",
    content: null,
    refusal: null,
    tool_calls: [{ id: toolCall.id, type: "function", function: call }],
  };
}

type Delta = readonly [delta: object, finishReason: string | null];

function deltasOf({ pieces, toolCall, finishReason }: Choice): Delta[] {
  const end: Delta = [{}, finishReason];
  if (toolCall === undefined) {
    const start: Delta = [{ role: "assistant", content: "", refusal: null }, null];
    return [start, ...pieces.map((content): Delta => [{ content }, null]), end];
  }
  const { id, name } = toolCall;
  const opening = { index: 0, id, type: "function", function: { name, arguments: "" } };
  const start: Delta = [{ role: "assistant", content: null, tool_calls: [opening] }, null];
  const rest = toolCall.pieces.map((piece): Delta => [
    { tool_calls: [{ index: 0, function: { arguments: piece } }] },
    null,
  ]);
  return [start, ...rest, end];
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
