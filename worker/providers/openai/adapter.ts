/**
 * The adapter for vendors that speak OpenAI's format, which are most.
 *
 * Outwards, the request goes as the client wrote it, except for what must change: the model's name, our
 * own `sluice` object, extension fields (extension-fields.ts), the name of the field that bounds the answer,
 * and the wish for usage in streams, without which a streamed answer has no price. Unknown fields pass through.
 *
 * Inwards, an answer and the events of a stream go on as they came; what is not one becomes a failure.
 */
import type { ChatRequest } from "../../domain/chat.ts";
import type { UpstreamCompletion, UpstreamFailure } from "../../domain/upstream.ts";
import { isRecord, jsonIn } from "../../lib/json.ts";
import type { SseEvent } from "../../lib/sse.ts";
import type { Adapter, HttpRequest, StreamReader, VendorAnswer } from "../adapter.ts";
import type { Endpoint } from "../endpoints.ts";
import { withoutExtensions } from "../extension-fields.ts";
import { hiddenError, malformed } from "../failures.ts";

export const OPENAI_COMPATIBLE: Adapter = { buildRequest, readAnswer, openStream };

function buildRequest(
  { vendor, baseUrl, key }: Endpoint,
  request: ChatRequest,
  upstreamModel: string,
): HttpRequest {
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
  return {
    url: `${baseUrl}/chat/completions`,
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

function readAnswer(
  { text, body }: VendorAnswer,
  endpoint: Endpoint,
): UpstreamCompletion | UpstreamFailure {
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

function openStream(endpoint: Endpoint): StreamReader {
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
