/**
 * The adapter for Anthropic's Messages API, which keeps what its endpoint in OpenAI's format loses: prompt
 * caching, thinking that can go back, PDF files, structured output, exact usage.
 *
 * The format has no place for the time, so an answer is stamped with ours.
 *
 * Source: https://platform.claude.com/docs/en/api/messages
 */
import type { ChatRequest } from "../../domain/chat.ts";
import type { UpstreamCompletion, UpstreamFailure } from "../../domain/upstream.ts";
import type { Adapter, HttpRequest, VendorAnswer } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { hiddenError, malformed } from "../failures.ts";
import { completionOf } from "./answer.ts";
import { messagesBody } from "./request.ts";
import { AnthropicStream } from "./stream.ts";

/** The edition of the API that the converters are written for. */
const VERSION = "2023-06-01";

export const ANTHROPIC: Adapter = {
  buildRequest,
  readAnswer,
  openStream: (endpoint, createdS) => new AnthropicStream(endpoint, createdS),
};

function buildRequest(
  { baseUrl, key }: Endpoint,
  request: ChatRequest,
  upstreamModel: string,
): HttpRequest {
  return {
    url: `${baseUrl}/messages`,
    headers: {
      "content-type": "application/json",
      accept: request.stream ? "text/event-stream" : "application/json",
      "anthropic-version": VERSION,
      ...(key !== undefined && { "x-api-key": key }),
    },
    body: JSON.stringify(messagesBody(request, upstreamModel)),
  };
}

function readAnswer(
  { body: message, createdS }: VendorAnswer,
  endpoint: Endpoint,
): UpstreamCompletion | UpstreamFailure {
  if (message["type"] === "error" || message["error"]) return hiddenError(message, endpoint);
  if (!Array.isArray(message["content"])) return malformed(endpoint, "an answer without content");
  const body = completionOf(message, createdS);
  return { kind: "completion", text: JSON.stringify(body), body };
}
