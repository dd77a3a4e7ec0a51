/**
 * The adapter for vendors that speak OpenAI's chat format, which are most. A request that OpenAI itself answers
 * only through its Responses API goes there (responses-subset.ts); everything else is chat.
 *
 * Outwards, the request goes as the client wrote it, except for what must change: the model's name, our
 * own `sluice` object, extension fields (extension-fields.ts), the name of the field that bounds the answer,
 * and the wish for usage in streams, without which a streamed answer has no price. Unknown fields pass through.
 *
 * Inwards, an answer and the events of a stream go on as they came; what is not one becomes a failure. Those of
 * Responses are known by what they say they are.
 */
import type { ChatRequest } from "../../domain/chat.ts";
import type { UpstreamCompletion, UpstreamFailure } from "../../domain/upstream.ts";
import { isRecord, jsonIn } from "../../lib/json.ts";
import type { SseEvent } from "../../lib/sse.ts";
import type { Adapter, HttpRequest, StreamReader, VendorAnswer } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { withoutExtensions } from "../extension-fields.ts";
import { hiddenError, malformed } from "../failures.ts";
import type { Vendor } from "../registry.ts";
import { readResponse } from "./responses-answer.ts";
import { responsesBody } from "./responses-request.ts";
import { isResponsesEvent, ResponsesStream } from "./responses-stream.ts";
import { toolRequestIn, usesTools } from "./responses-subset.ts";

export const OPENAI_COMPATIBLE: Adapter = { buildRequest, readAnswer, openStream };

function buildRequest(
  endpoint: Endpoint,
  request: ChatRequest,
  upstreamModel: string,
): HttpRequest {
  const { vendor, baseUrl, key } = endpoint;
  const tooled =
    vendor.hasResponses && usesTools(request)
      ? toolRequestIn(withoutExtensions(request, []))
      : undefined;
  const body =
    tooled === undefined
      ? chatBody(vendor, request, upstreamModel)
      : responsesBody(tooled, upstreamModel);
  return {
    url: `${baseUrl}${tooled === undefined ? "/chat/completions" : "/responses"}`,
    headers: {
      "content-type": "application/json",
      accept: request.stream ? "text/event-stream" : "application/json",
      ...(key !== undefined &&
        (vendor.keyHeader === undefined
          ? { authorization: `Bearer ${key}` }
          : { [vendor.keyHeader]: key })),
    },
    body: JSON.stringify(body),
  };
}

function chatBody(
  vendor: Vendor,
  request: ChatRequest,
  upstreamModel: string,
): Record<string, unknown> {
  const plain = withoutExtensions(request, vendor.extensionFields);
  const body: Record<string, unknown> = { ...plain, model: upstreamModel };
  delete body["sluice"];
  const limit = request.max_completion_tokens ?? request.max_tokens;
  delete body["max_tokens"];
  delete body["max_completion_tokens"];
  if (limit !== undefined && limit !== null) body[vendor.outputLimitField] = limit;
  if (!vendor.hasStreamOptions) delete body["stream_options"];
  else if (request.stream)
    body["stream_options"] = { ...request.stream_options, include_usage: true };
  if (!vendor.hasDeveloperRole) body["messages"] = plain.messages.map(withoutDeveloperRole);
  return body;
}

function readAnswer(
  answer: VendorAnswer,
  endpoint: Endpoint,
): UpstreamCompletion | UpstreamFailure {
  const { text, body } = answer;
  if (body["object"] === "response") return readResponse(answer, endpoint);
  if (body["error"]) return hiddenError(body, endpoint);
  const { choices } = body;
  if (!Array.isArray(choices) || choices.length === 0)
    return malformed(endpoint, "an answer without choices");
  if (!choices.every(hasMessage)) return malformed(endpoint, "a choice without a message");
  return { kind: "completion", text, body };
}

/** One that a filter has emptied may have none. */
function hasMessage(choice: unknown): boolean {
  if (!isRecord(choice)) return false;
  return isRecord(choice["message"]) || choice["finish_reason"] === "content_filter";
}

function openStream(endpoint: Endpoint, createdS: number): StreamReader {
  let reader: StreamReader | undefined;
  return {
    take(event) {
      reader ??= isResponsesEvent(event)
        ? new ResponsesStream(endpoint, createdS)
        : chatReader(endpoint);
      return reader.take(event);
    },
  };
}

function chatReader(endpoint: Endpoint): StreamReader {
  let isFirst = true;
  return {
    take(event) {
      const fault = isFirst ? faultOfFirst(event, endpoint) : faultOfLater(event, endpoint);
      isFirst = false;
      return fault ?? [event];
    },
  };
}

function faultOfFirst({ data }: SseEvent, endpoint: Endpoint): UpstreamFailure | undefined {
  if (data === "[DONE]") return malformed(endpoint, "a stream without events");
  const chunk = jsonIn(data);
  if (!isRecord(chunk)) return malformed(endpoint, "a stream that does not begin with JSON");
  if (chunk["error"]) return hiddenError(chunk, endpoint);
  if (!Array.isArray(chunk["choices"])) return malformed(endpoint, "a stream without choices");
  return undefined;
}

function faultOfLater({ data }: SseEvent, endpoint: Endpoint): UpstreamFailure | undefined {
  if (!data.includes('"error"')) return undefined; // Most chunks need no second parsing.
  const chunk = jsonIn(data);
  return isRecord(chunk) && chunk["error"] ? hiddenError(chunk, endpoint) : undefined;
}

function withoutDeveloperRole(message: ChatRequest["messages"][number]) {
  return message.role === "developer" ? { ...message, role: "system" } : message;
}
