/** Which of OpenAI's two paths a request takes: the rule, as a table. */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../../worker/domain/chat.ts";
import { endpointsOf } from "../../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../../worker/providers/openai/adapter.ts";
import { VENDORS } from "../../../../worker/providers/registry.ts";

type Fields = Record<string, unknown>;

const TOOL = { type: "function", function: { name: "look_up" } };
const CUSTOM = { type: "custom", custom: { name: "run" } };
const USER = { role: "user", content: "Hi" };
const CALL = { id: "call_1", type: "function", function: { name: "look_up", arguments: "{}" } };
const CALLED = { role: "assistant", content: null, tool_calls: [CALL] };
const RESULT = { role: "tool", tool_call_id: "call_1", content: "14" };

function pathFor(fields: Fields, vendor = "openai"): string {
  const addresses = {
    AZURE_OPENAI_ENDPOINT: "https://a.example",
    CLOUDFLARE_ACCOUNT_ID: "0".repeat(32),
  };
  const [endpoint] = endpointsOf({ keys: { [vendor]: ["key-1"] }, addresses }).get(vendor)!;
  const request = chatRequestSchema.parse({ model: "auto", messages: [USER], ...fields });
  const { url } = OPENAI_COMPATIBLE.buildRequest(endpoint, request, "m-1");
  return url.slice(endpoint.baseUrl.length);
}

function withMessage(message: Fields): Fields {
  return { tools: [TOOL], messages: [USER, message] };
}

function withPart(part: Fields): Fields {
  return withMessage({ role: "user", content: [part] });
}

const RESPONSES: readonly (readonly [string, Fields])[] = [
  ["tools", { tools: [TOOL] }],
  ["tools and no effort", { tools: [TOOL], reasoning_effort: null }],
  ["tools and an effort", { tools: [TOOL], reasoning_effort: "minimal" }],
  ["tools and no thinking", { tools: [TOOL], reasoning_effort: "none" }],
  ["tools and a budget for thinking", { tools: [TOOL], thinking: { budget_tokens: 99 } }],
  ["calls in the history", { messages: [USER, CALLED] }],
  ["results in the history", { messages: [USER, CALLED, RESULT] }],
  [
    "a call without its type",
    withMessage({ ...CALLED, tool_calls: [{ ...CALL, type: undefined }] }),
  ],
  ["an answer that another vendor gave", withMessage({ ...CALLED, annotations: [], extra: 1 })],
  ["a picture", withPart({ type: "image_url", image_url: { url: "https://a.example/a.png" } })],
  ["a file", withPart({ type: "file", file: { file_id: "file-1" } })],
  [
    "an allowed list",
    choosing({ type: "allowed_tools", allowed_tools: { mode: "auto", tools: [] } }),
  ],
  ["a fixed field at rest", { tools: [TOOL], n: 1, stop: [], seed: null, logit_bias: {} }],
  ["a short answer", { tools: [TOOL], max_tokens: 16 }],
  ["penalties of 0", { tools: [TOOL], frequency_penalty: 0, presence_penalty: 0 }],
  ["no log probabilities", { tools: [TOOL], logprobs: false, top_logprobs: 0 }],
  ["text alone", { tools: [TOOL], modalities: ["text"], audio: null, prediction: null }],
  ["a field that nobody knows", { tools: [TOOL], invented: 1 }],
];

function choosing(choice: unknown): Fields {
  return { tools: [TOOL], tool_choice: choice };
}

const CHAT: readonly (readonly [string, Fields])[] = [
  ["no tools", {}],
  ["no tools and an effort", { reasoning_effort: "high" }],
  ["an empty list of tools", { tools: [] }],
  ["an empty list of calls", { messages: [USER, { ...CALLED, content: "Hi", tool_calls: [] }] }],
  ["a very short answer", { tools: [TOOL], max_completion_tokens: 15 }],
  ["a custom tool", { tools: [TOOL, CUSTOM] }],
  ["a tool of no known shape", { tools: [{ type: "function", extra: 1 }] }],
  ["the choice of a custom tool", choosing({ type: "custom", custom: { name: "run" } })],
  ["a call of a custom tool", withMessage({ ...CALLED, tool_calls: [{ id: "1", ...CUSTOM }] })],
  ["a result of no call", withMessage({ role: "tool", content: "14" })],
  ["a result of a function", withMessage({ role: "function", name: "look_up", content: "14" })],
  ["a call of a function", withMessage({ role: "assistant", function_call: { name: "a" } })],
  ["a message without content", withMessage({ role: "user" })],
  ["audio", withPart({ type: "input_audio", input_audio: { data: "", format: "wav" } })],
  ["an earlier answer's audio", withMessage({ role: "assistant", audio: { id: "audio_1" } })],
  ["several answers", { tools: [TOOL], n: 2 }],
  ["a stop text", { tools: [TOOL], stop: "\n" }],
  ["stop texts", { tools: [TOOL], stop: ["\n"] }],
  ["a seed", { tools: [TOOL], seed: 0 }],
  ["a bias", { tools: [TOOL], logit_bias: { 50_256: -100 } }],
  ["a frequency penalty", { tools: [TOOL], frequency_penalty: 0.5 }],
  ["a presence penalty", { tools: [TOOL], presence_penalty: -1 }],
  ["log probabilities", { tools: [TOOL], logprobs: true }],
  ["the likeliest tokens", { tools: [TOOL], logprobs: true, top_logprobs: 2 }],
  ["speech", { tools: [TOOL], modalities: ["text", "audio"], audio: { voice: "alloy" } }],
  ["a search of the web", { tools: [TOOL], web_search_options: {} }],
  ["a prediction", { tools: [TOOL], prediction: { type: "content", content: "Hi" } }],
  ["functions", { tools: [TOOL], functions: [{ name: "a" }] }],
  ["the choice of a function", { tools: [TOOL], function_call: "auto" }],
  ["a format that nobody knows", { tools: [TOOL], response_format: { type: "grammar" } }],
  ["input of its own", { tools: [TOOL], input: "Hi" }],
];

describe("the path of a request to OpenAI", () => {
  it.for(RESPONSES)("is /responses for %s", ([, fields], { expect }) => {
    expect(pathFor(fields)).toBe("/responses");
  });

  it.for(CHAT)("is /chat/completions for %s", ([, fields], { expect }) => {
    expect(pathFor(fields)).toBe("/chat/completions");
  });

  it("is chat's at every vendor but OpenAI and Azure", ({ expect }) => {
    const paths = VENDORS.filter(({ format }) => format === "openai").map(
      ({ id }) => [id, pathFor({ tools: [TOOL] }, id)] as const,
    );
    const elsewhere = paths.filter(([, path]) => path === "/responses").map(([id]) => id);
    expect(elsewhere).toEqual(["openai", "azure"]);
  });
});
