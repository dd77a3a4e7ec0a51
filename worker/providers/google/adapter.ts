/**
 * The adapter for the Gemini API. Google also answers in OpenAI's format, but that way loses what only
 * its own has: thoughts with their signatures, cached and thought tokens apart, audio, why a prompt was
 * blocked.
 *
 * A stream has no `[DONE]`: it is whole when every candidate has said why it ended. What it used comes
 * with every event and counts with the one that ends a candidate; it goes on as a chunk of its own.
 *
 * request.ts and config.ts hold the way out, answer.ts the words of the way back.
 *
 * Source: https://ai.google.dev/api/generate-content
 */
import type { ChatRequest } from "../../domain/chat.ts";
import type { UpstreamCompletion, UpstreamFailure } from "../../domain/upstream.ts";
import { jsonIn } from "../../lib/json.ts";
import type { SseEvent } from "../../lib/sse.ts";
import type { Adapter, HttpRequest, StreamReader, VendorAnswer } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { hiddenError, malformed } from "../failures.ts";
import {
  extraContent,
  finishOf,
  googleResponse,
  isErrorBody,
  logprobsOf,
  saidIn,
  usageOf,
  type GoogleCandidate,
  type GoogleResponse,
} from "./answer.ts";
import { googleBody } from "./request.ts";

export const GOOGLE: Adapter = { buildRequest, readAnswer, openStream };

function buildRequest(
  endpoint: Endpoint,
  request: ChatRequest,
  upstreamModel: string,
): HttpRequest {
  const method = request.stream ? "streamGenerateContent?alt=sse" : "generateContent";
  return {
    url: `${endpoint.baseUrl}/models/${upstreamModel}:${method}`,
    headers: {
      "content-type": "application/json",
      accept: request.stream ? "text/event-stream" : "application/json",
      ...(endpoint.key !== undefined && { "x-goog-api-key": endpoint.key }),
    },
    body: JSON.stringify(googleBody(request, upstreamModel)),
  };
}

function readAnswer(
  { body: answer, createdS }: VendorAnswer,
  endpoint: Endpoint,
): UpstreamCompletion | UpstreamFailure {
  if (isErrorBody(answer)) return hiddenError(answer, endpoint);
  const { data: response } = googleResponse.safeParse(answer);
  const isBlocked = response?.promptFeedback?.blockReason !== undefined;
  if (response === undefined || (response.candidates.length === 0 && !isBlocked))
    return malformed(endpoint, "an answer without candidates");
  const choices: object[] = [];
  for (const candidate of response.candidates) {
    const choice = choiceOf(candidate, response);
    if (choice === undefined) return malformed(endpoint, failedCandidate(candidate));
    choices.push(choice);
  }
  if (choices.length === 0) {
    const message = { role: "assistant", content: null, refusal: null };
    choices.push({ index: 0, message, logprobs: null, finish_reason: "content_filter" });
  }
  const { usageMetadata: usage } = response;
  const body: Record<string, unknown> = {
    ...frameOf(response, "chat.completion", createdS),
    choices,
    ...(usage !== undefined && { usage: usageOf(usage) }),
  };
  return { kind: "completion", text: JSON.stringify(body), body };
}

function failedCandidate({ finishReason = "no reason" }: GoogleCandidate): string {
  return `a candidate that failed: ${finishReason.slice(0, 60)}`;
}

/** undefined for a candidate that failed. */
function choiceOf(candidate: GoogleCandidate, response: GoogleResponse): object | undefined {
  const said = saidIn(candidate, { answerId: idOf(response), callsBefore: 0 });
  const { content, thoughts, calls, signature } = said;
  const state = { hasCalls: calls.length > 0, isEmpty: content === "" && calls.length === 0 };
  // What comes whole has ended, whether it says so or not.
  const finish = finishOf(candidate.finishReason ?? "STOP", state);
  if (finish === undefined) return undefined;
  const message = {
    role: "assistant",
    content: content === "" && calls.length > 0 ? null : content,
    refusal: null,
    ...(thoughts !== "" && { reasoning_content: thoughts }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...extraContent(signature),
  };
  return {
    index: candidate.index,
    message,
    logprobs: logprobsOf(candidate),
    finish_reason: finish,
  };
}

function idOf({ responseId }: GoogleResponse): string {
  return responseId ?? "gemini";
}

function frameOf(response: GoogleResponse, object: string, createdS: number): object {
  return {
    id: idOf(response),
    object,
    created: createdS,
    model: response.modelVersion ?? "gemini",
  };
}

function openStream(endpoint: Endpoint, createdS: number): StreamReader {
  function chunkOf(response: GoogleResponse, fields: object): SseEvent {
    const chunk = { ...frameOf(response, "chat.completion.chunk", createdS), ...fields };
    return { event: undefined, data: JSON.stringify(chunk) };
  }
  const choices = new Map<number, StreamedChoice>();
  return {
    take({ data }) {
      const event = jsonIn(data);
      if (isErrorBody(event)) return hiddenError(event, endpoint);
      const { data: response } = googleResponse.safeParse(event);
      if (response === undefined) return malformed(endpoint, "an event that is no answer");
      const chunks: SseEvent[] = [];
      for (const candidate of candidatesOf(response)) {
        const choice = choices.get(candidate.index) ?? new StreamedChoice();
        choices.set(candidate.index, choice);
        const shown = choice.take(candidate, idOf(response));
        if (shown === undefined) return malformed(endpoint, failedCandidate(candidate));
        chunks.push(chunkOf(response, { choices: [shown] }));
      }
      const { usageMetadata: usage } = response;
      const isEnd = response.candidates.some(({ finishReason }) => finishReason !== undefined);
      if (usage !== undefined && (isEnd || response.candidates.length === 0))
        chunks.push(chunkOf(response, { choices: [], usage: usageOf(usage) }));
      return chunks;
    },
  };
}

/** A blocked prompt has none: one that was filtered stands for it. */
function candidatesOf({ candidates, promptFeedback }: GoogleResponse): readonly GoogleCandidate[] {
  if (candidates.length > 0 || promptFeedback?.blockReason === undefined) return candidates;
  return [{ index: 0, finishReason: "SAFETY" }];
}

/** What has come of one choice so far. */
class StreamedChoice {
  #hasBegun = false;
  #hasContent = false;
  #calls = 0;

  /** OpenAI's choice of one chunk, or undefined for a candidate that failed. */
  take(candidate: GoogleCandidate, answerId: string): object | undefined {
    const callsBefore = this.#calls;
    const said = saidIn(candidate, { answerId, callsBefore });
    const { content, thoughts, calls, signature } = said;
    this.#calls += calls.length;
    this.#hasContent ||= content !== "";
    const hasCalls = this.#calls > 0;
    const state = { hasCalls, isEmpty: !this.#hasContent && !hasCalls };
    const finish = finishOf(candidate.finishReason, state);
    if (finish === undefined) return undefined;
    const delta = {
      ...(!this.#hasBegun && { role: "assistant" }),
      ...(content !== "" && { content }),
      ...(thoughts !== "" && { reasoning_content: thoughts }),
      ...(calls.length > 0 && {
        tool_calls: calls.map((call, at) => ({ index: callsBefore + at, ...call })),
      }),
      ...extraContent(signature),
    };
    this.#hasBegun = true;
    const { index } = candidate;
    return { index, delta, logprobs: logprobsOf(candidate), finish_reason: finish };
  }
}
