/**
 * The adapter for Cloudflare Workers AI, over REST or through the Worker's own `AI` binding.
 *
 * Its endpoint in OpenAI's format and its newer models answer as OpenAI does. Older models, asked through
 * the binding, answer in a form of their own: `response` holds the text (or the object, in JSON mode),
 * `tool_calls` have neither ids nor indices, and no reason is given for the end. Both are read here by
 * what they are, since which model answers how is not documented model by model.
 *
 * Through the binding the request's bytes become its `run` call and its raw response the answer: no
 * token, no account number, no way out of Cloudflare.
 *
 * Sources: https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/,
 * …/workers-ai/configuration/bindings/, …/workers-ai/features/function-calling/
 */
import { isRecord, jsonIn } from "../lib/json.ts";
import type { SseEvent } from "../lib/sse.ts";
import type { Adapter, StreamReader, VendorAnswer } from "./adapter.ts";
import type { Endpoint } from "./endpoints.ts";
import { malformed } from "./failures.ts";
import { OPENAI_COMPATIBLE } from "./openai/adapter.ts";

export const WORKERS_AI: Adapter = { ...OPENAI_COMPATIBLE, readAnswer, openStream };

/** The part of the platform's `Ai` binding that is used here. */
export interface AiBinding {
  run(
    model: string,
    inputs: Record<string, unknown>,
    options: { returnRawResponse: true; signal?: AbortSignal },
  ): Promise<Response>;
}

/** Moves a request's bytes through the binding instead of the network. Rejects as the binding does. */
export function sendThrough(ai: AiBinding): NonNullable<Endpoint["send"]> {
  return async (_url, { body, signal }) => {
    const request = typeof body === "string" ? jsonIn(body) : undefined;
    if (!isRecord(request)) throw new Error("The request is no JSON object");
    const { model, ...inputs } = request;
    const options = { returnRawResponse: true, ...(signal && { signal }) } as const;
    return ai.run(String(model), inputs, options);
  };
}

function readAnswer(answer: VendorAnswer, endpoint: Endpoint): ReturnType<Adapter["readAnswer"]> {
  const { body: own, createdS } = answer;
  if (!isOwnShape(own)) return OPENAI_COMPATIBLE.readAnswer(answer, endpoint);
  const calls = callsIn(own, 0);
  const text = textIn(own);
  if (text === "" && calls.length === 0) return malformed(endpoint, "an answer that says nothing");
  const message = {
    role: "assistant",
    content: calls.length > 0 && text === "" ? null : text,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const finish_reason = calls.length > 0 ? "tool_calls" : "stop";
  const body: Record<string, unknown> = {
    ...frameOf("chat.completion", createdS),
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    ...(isRecord(own["usage"]) && { usage: own["usage"] }),
  };
  return { kind: "completion", text: JSON.stringify(body), body };
}

/** Neither an error nor OpenAI's. */
function isOwnShape(body: Record<string, unknown>): boolean {
  return !body["error"] && !("choices" in body) && ("response" in body || "tool_calls" in body);
}

function textIn({ response }: Record<string, unknown>): string {
  if (typeof response === "string") return response;
  return response === undefined || response === null ? "" : JSON.stringify(response);
}

interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** @param from Number of the first of them within the answer, of which its id is made. */
function callsIn({ tool_calls: calls }: Record<string, unknown>, from: number): ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isRecord).map((call, at) => {
    const called = isRecord(call["function"]) ? call["function"] : call;
    const { name, arguments: args = {} } = called;
    return {
      id: typeof call["id"] === "string" ? call["id"] : `call_${from + at}`,
      type: "function",
      function: {
        name: String(name),
        arguments: typeof args === "string" ? args : JSON.stringify(args),
      },
    };
  });
}

function frameOf(object: string, createdS: number): object {
  return { id: "workers-ai", object, created: createdS, model: "workers-ai" };
}

/** An answer in their own form does not say that it has ended: `[DONE]` does. */
function openStream(endpoint: Endpoint, createdS: number): StreamReader {
  const compatible = OPENAI_COMPATIBLE.openStream(endpoint, createdS);
  let hasBegun = false;
  let calls = 0;
  function chunkOf(fields: object): SseEvent {
    const chunk = { ...frameOf("chat.completion.chunk", createdS), ...fields };
    return { event: undefined, data: JSON.stringify(chunk) };
  }
  function chunksOf(own: Record<string, unknown>): SseEvent[] {
    const text = textIn(own);
    const made = callsIn(own, calls).map((call, at) => ({ index: calls + at, ...call }));
    const delta = {
      ...(!hasBegun && { role: "assistant" }),
      ...(text !== "" && { content: text }),
      ...(made.length > 0 && { tool_calls: made }),
    };
    calls += made.length;
    hasBegun = true;
    const chunks = [chunkOf({ choices: [{ index: 0, delta, finish_reason: null }] })];
    if (isRecord(own["usage"])) chunks.push(chunkOf({ choices: [], usage: own["usage"] }));
    return chunks;
  }
  return {
    take(event) {
      const own = jsonIn(event.data);
      if (isRecord(own) && isOwnShape(own)) return chunksOf(own);
      if (!hasBegun || event.data !== "[DONE]") return compatible.take(event);
      const finish_reason = calls > 0 ? "tool_calls" : "stop";
      return [chunkOf({ choices: [{ index: 0, delta: {}, finish_reason }] }), event];
    },
  };
}
