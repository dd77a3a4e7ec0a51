/**
 * Anthropic's adapter where single cases show too little: a stream tells what the whole message tells,
 * what an answer said goes back as it was, and what cannot be said in its format is refused by name.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { chatRequestSchema, type ChatRequest } from "../../../../worker/domain/chat.ts";
import { RouterError } from "../../../../worker/domain/errors.ts";
import { isRecord } from "../../../../worker/lib/json.ts";
import { ANTHROPIC } from "../../../../worker/providers/anthropic/adapter.ts";
import { createDispatch } from "../../../../worker/providers/dispatch.ts";
import { endpointsOf } from "../../../../worker/providers/endpoints.ts";
import { NO_CIRCUITS } from "../../../../worker/vitals/circuit-board.ts";
import { fakeScorer, MODELS } from "../../fixture/models.ts";
import { createService, errorOf, TIMEOUTS, TOTAL_TIMEOUT_MS } from "../../fixture/service.ts";
import { manualTimers } from "../../fixture/timers.ts";
import { json, parseObject, scriptedVendor } from "../../fixture/vendor.ts";

type Fields = Record<string, unknown>;

const KEYS = { anthropic: ["sk-ant-api03-0123456789"] };
const ENDPOINT = endpointsOf({ keys: KEYS }).get("anthropic")![0];
const HI = { role: "user", content: "Hi" };

function requestOf(fields: Fields): ChatRequest {
  return chatRequestSchema.parse({ model: "auto", messages: [HI], ...fields });
}

function bodyOf(fields: Fields): Fields {
  return parseObject(ANTHROPIC.buildRequest(ENDPOINT, requestOf(fields), "m-1").body);
}

/** A message's blocks: text, thinking and calls, as Anthropic makes them. */
const words = fc.string({ minLength: 1, maxLength: 12 });
const block = fc.oneof(
  words.map((text): Fields => ({ type: "text", text })),
  fc
    .tuple(fc.string({ maxLength: 12 }), words)
    .map(([thinking, signature]): Fields => ({ type: "thinking", thinking, signature })),
  words.map((data): Fields => ({ type: "redacted_thinking", data })),
  fc
    .tuple(
      fc.stringMatching(/^[\w-]{1,9}$/),
      words,
      fc.dictionary(words, fc.jsonValue(), { maxKeys: 3 }),
    )
    .map(([id, name, input]): Fields => ({
      type: "tool_use",
      id,
      name,
      input: parseObject(JSON.stringify(input)),
    })),
);
const blocks = fc.array(block, { minLength: 1, maxLength: 6 });

const USAGE = { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 3 };

function messageOf(content: readonly Fields[]): Fields {
  return {
    id: "msg_1",
    type: "message",
    model: "m-1",
    content,
    stop_reason: "end_turn",
    usage: USAGE,
  };
}

/** The assistant's message that OpenAI's client would see in the whole answer. */
function wholeOf(content: readonly Fields[]): Fields {
  const body = messageOf(content);
  const answer = ANTHROPIC.readAnswer({ text: "", body, createdS: 1 }, ENDPOINT);
  if (answer.kind !== "completion") throw new Error(answer.message);
  const [choice]: unknown[] = Array.isArray(answer.body["choices"]) ? answer.body["choices"] : [];
  if (!isRecord(choice) || !isRecord(choice["message"])) throw new Error("no message");
  return choice["message"];
}

/** The events that stream these blocks, text cut every `step` characters. */
function eventsOf(content: readonly Fields[], step: number): Fields[] {
  const start = { type: "message_start", message: { id: "msg_1", model: "m-1", usage: USAGE } };
  const inner = content.flatMap((each, index) => {
    const { open, deltas } = streamedBlock(each, step);
    return [
      { type: "content_block_start", index, content_block: open },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ];
  });
  const end = {
    type: "message_delta",
    delta: { stop_reason: "end_turn" },
    usage: { output_tokens: 20 },
  };
  return [start, { type: "ping" }, ...inner, end, { type: "message_stop" }];
}

function streamedBlock(
  { type, ...rest }: Fields,
  step: number,
): { open: Fields; deltas: Fields[] } {
  if (type === "text")
    return {
      open: { type, text: "" },
      deltas: cut(rest["text"], step).map((text) => ({ type: "text_delta", text })),
    };
  if (type === "thinking")
    return {
      open: { type, thinking: "", signature: "" },
      deltas: [
        ...cut(rest["thinking"], step).map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: rest["signature"] },
      ],
    };
  if (type !== "tool_use") return { open: { type, ...rest }, deltas: [] };
  const text = Object.keys(rest["input"] ?? {}).length === 0 ? "" : JSON.stringify(rest["input"]);
  const pieces = ["", ...cut(text, step)];
  return {
    open: { type, ...rest, input: {} },
    deltas: pieces.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  };
}

function cut(text: unknown, step: number): string[] {
  const whole = String(text);
  const count = Math.ceil(whole.length / step);
  return Array.from({ length: count }, (_, i) => whole.slice(i * step, (i + 1) * step));
}

function chunksOf(events: readonly Fields[]): Fields[] {
  const reader = ANTHROPIC.openStream(ENDPOINT, 1);
  return events.flatMap((event) => {
    const taken = reader.take({ event: String(event["type"]), data: JSON.stringify(event) });
    if ("kind" in taken) throw new Error(taken.message);
    return taken.filter(({ data }) => data !== "[DONE]").map(({ data }) => parseObject(data));
  });
}

/** What a client puts together from the deltas: texts joined, lists joined, calls by their index. */
function assembled(chunks: readonly Fields[]): Fields {
  const texts: Record<string, string> = {};
  const message: Fields = {};
  const calls: { id: unknown; name: unknown; arguments: string }[] = [];
  for (const delta of chunks.map(deltaOf)) {
    for (const field of ["content", "reasoning_content"])
      if (typeof delta[field] === "string") texts[field] = (texts[field] ?? "") + delta[field];
    for (const each of listIn(delta, "thinking_blocks"))
      message["thinking_blocks"] = [...listIn(message, "thinking_blocks"), each];
    for (const call of listIn(delta, "tool_calls")) {
      const fn = isRecord(call["function"]) ? call["function"] : {};
      const at = Number(call["index"]);
      if (call["id"] !== undefined) calls.push({ id: call["id"], name: fn["name"], arguments: "" });
      if (calls.length <= at) throw new Error("an index that was not announced");
      calls[at]!.arguments += String(fn["arguments"]);
    }
  }
  Object.assign(message, texts);
  if (calls.length === 0) return message;
  const toolCalls = calls.map(({ id, ...fn }) => ({ id, type: "function", function: fn }));
  return { ...message, tool_calls: toolCalls };
}

function deltaOf({ choices }: Fields): Fields {
  const [choice]: unknown[] = Array.isArray(choices) ? choices : [];
  return isRecord(choice) && isRecord(choice["delta"]) ? choice["delta"] : {};
}

function listIn(fields: Fields, name: string): Fields[] {
  const list = fields[name];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

describe("a stream", () => {
  it("tells what the whole message tells, however it is cut", ({ expect }) => {
    fc.assert(
      fc.property(blocks, fc.integer({ min: 1, max: 20 }), (content, step) => {
        const { refusal: _, role: __, reasoning_content: said, ...whole } = wholeOf(content);
        const { reasoning_content: thought, ...streamed } = assembled(
          chunksOf(eventsOf(content, step)),
        );
        expect({ ...streamed, content: streamed["content"] || null }).toEqual({
          ...whole,
          content: whole["content"] || null,
        });
        expect(thought ?? "").toBe(said ?? "");
      }),
    );
  });

  it("is not whole without a reason why it ended", ({ expect }) => {
    const reader = ANTHROPIC.openStream(ENDPOINT, 1);
    for (const event of eventsOf([], 1).slice(0, 2))
      expect(reader.take({ event: undefined, data: JSON.stringify(event) })).toBeInstanceOf(Array);
    const end = reader.take({ event: "message_stop", data: '{"type":"message_stop"}' });
    expect(end).toMatchObject({ kind: "failure", reason: "malformed" });
  });

  it.for([
    [{ type: "error", error: { type: "overloaded_error", message: "Busy" } }, "Anthropic: Busy"],
    [{ error: { message: "Busy" } }, "Anthropic: Busy"],
    [{ type: "error" }, "Anthropic sent an error in place of an answer"],
  ] as const)("fails with what an error says: %j", ([said, message], { expect }) => {
    const reader = ANTHROPIC.openStream(ENDPOINT, 1);
    reader.take({ event: undefined, data: JSON.stringify(eventsOf([], 1)[0]) });
    const failure = reader.take({ event: "error", data: JSON.stringify(said) });
    expect(failure).toMatchObject({ kind: "failure", message });
  });

  it("ignores what it does not know, and all that follows its end", ({ expect }) => {
    const events = eventsOf([{ type: "text", text: "a" }], 1);
    const strange = [
      { type: "content_block_start", index: 0, content_block: { type: "hologram", data: 1 } },
      { type: "content_block_delta", index: 0, delta: { type: "hologram_delta", data: 2 } },
      { type: "content_block_stop", index: 0 },
      { type: "weather_report" },
    ];
    const mixed = [events[0]!, ...strange, ...events.slice(1), ...strange, ...events];
    expect(chunksOf(mixed)).toEqual(chunksOf(events));
  });
});

describe("an answer in the history", () => {
  it("goes back as Anthropic gave it: thinking to the letter, then text, then calls", ({
    expect,
  }) => {
    fc.assert(
      fc.property(blocks, (content) => {
        const messages = [HI, wholeOf(content), { role: "tool", tool_call_id: "x", content: "1" }];
        const [, turn] = listIn(bodyOf({ messages }), "messages");
        const text = content.filter(({ type }) => type === "text").map((each) => each["text"]);
        const expected = [
          ...content.filter(({ type }) => String(type).endsWith("thinking")),
          ...(text.length > 0 ? [{ type: "text", text: text.join("") }] : []),
          ...content.filter(({ type }) => type === "tool_use"),
        ];
        expect(turn).toEqual({ role: "assistant", content: expected });
      }),
    );
  });
});

describe("buildRequest", () => {
  it("sends key and edition as headers, and the key nowhere else", ({ expect }) => {
    const { url, headers, body } = ANTHROPIC.buildRequest(ENDPOINT, requestOf({}), "m-1");
    expect(url).toBe("https://api.anthropic.com/v1/messages");
    expect(headers).toMatchObject({
      "x-api-key": KEYS.anthropic[0],
      "anthropic-version": "2023-06-01",
    });
    expect(headers).not.toHaveProperty("authorization");
    expect(url + body).not.toContain(KEYS.anthropic[0]);
  });

  it("passes on what is Anthropic's own", ({ expect }) => {
    const own = { top_k: 4, cache_control: { type: "ephemeral" }, inference_geo: "us" };
    const tools = [{ type: "web_search_20260209", name: "web_search", max_uses: 3 }];
    const thinking = { type: "adaptive", display: "summarized" };
    const body = bodyOf({ ...own, tools, thinking, output_config: { effort: "max" } });
    expect(body).toMatchObject({ ...own, tools, thinking, output_config: { effort: "max" } });
  });

  it.for<[Fields, Fields]>([
    [{ reasoning_effort: "none" }, { thinking: { type: "disabled" } }],
    [
      { reasoning_effort: "xhigh" },
      { thinking: { type: "adaptive" }, output_config: { effort: "xhigh" } },
    ],
    [
      { reasoning_effort: "high", thinking: { type: "disabled" } },
      { thinking: { type: "disabled" }, output_config: { effort: "high" } },
    ],
    [{ safety_identifier: "s" }, { metadata: { user_id: "s" } }],
    [{ metadata: { user_id: "m" } }, { metadata: { user_id: "m" } }],
    [{ service_tier: "auto" }, { service_tier: "auto" }],
    [{ response_format: { type: "text" }, temperature: 1, top_p: 1 }, {}],
    [{ stop: [], parallel_tool_calls: false, tool_choice: null }, {}],
    [
      { stream: false, stream_options: null, prompt_cache_key: "k", sluice: { preset: "cost" } },
      {},
    ],
  ])("says %j as %j", ([fields, expected], { expect }) => {
    const { model: _m, messages: _s, max_tokens: _t, ...rest } = bodyOf(fields);
    expect(rest).toEqual(expected);
  });

  const assistant = { role: "assistant", content: null };
  it.for<[string, Fields]>([
    ["n", { n: 2 }],
    ["logprobs", { logprobs: true }],
    ["logit_bias", { logit_bias: { 5: 1 } }],
    ["presence_penalty", { presence_penalty: 0.5 }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["verbosity", { verbosity: "low" }],
    ["functions", { functions: [{ name: "f" }] }],
    ["temperature", { temperature: 1.2 }],
    ["stop", { stop: ["\n"] }],
    ["service_tier", { service_tier: "flex" }],
    ["reasoning_effort", { reasoning_effort: "heroic" }],
    ["response_format", { response_format: { type: "json_object" } }],
    ["tool_choice", { tool_choice: { type: "allowed_tools" } }],
    ["messages", { messages: [{ role: "system", content: "Be brief." }] }],
    ["messages.0.role", { messages: [{ role: "function", name: "f", content: "1" }] }],
    ["messages.0.tool_call_id", { messages: [{ role: "tool", content: "1" }] }],
    ["messages.0.function_call", { messages: [{ ...assistant, function_call: { name: "f" } }] }],
    ["messages.0.tool_calls", { messages: [{ ...assistant, tool_calls: [{ id: "1" }] }] }],
    [
      "messages.0.tool_calls.function.arguments",
      {
        messages: [
          { ...assistant, tool_calls: [{ id: "1", function: { name: "f", arguments: "[" } }] },
        ],
      },
    ],
    ["messages.0.content.0", parts({ type: "input_audio", input_audio: {} })],
    [
      "messages.0.content.0",
      parts({ type: "image_url", image_url: { url: "http://example.com" } }),
    ],
    ["messages.0.content.0", parts({ type: "file", file: { file_id: "file-1" } })],
    [
      "messages.0.content.0",
      parts({ type: "file", file: { file_data: "data:text/plain;base64,*" } }),
    ],
    [
      "messages.0.content",
      {
        messages: [
          { role: "system", content: [{ type: "image_url", image_url: { url: "https://a" } }] },
        ],
      },
    ],
  ])("refuses by name: %s in %j", ([field, fields], { expect }) => {
    let caught: unknown;
    try {
      bodyOf(fields);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(RouterError);
    expect(caught).toMatchObject({ param: field, message: expect.stringContaining(field) });
  });

  it("never throws anything but a refusal", ({ expect }) => {
    const part = fc.oneof(
      fc.record({ type: fc.constantFrom("text", "image_url", "file", "x"), text: words }),
      fc.record({ type: fc.constant("file"), file: fc.jsonValue(), image_url: fc.jsonValue() }),
    );
    const message = fc.record(
      {
        role: fc.constantFrom("system", "developer", "user", "assistant", "tool"),
        content: fc.oneof(fc.string(), fc.constant(null), fc.array(part, { maxLength: 3 })),
        tool_calls: fc.jsonValue(),
        tool_call_id: fc.jsonValue(),
        thinking_blocks: fc.jsonValue(),
        cache_control: fc.jsonValue(),
      },
      { requiredKeys: ["role"] },
    );
    const extra = fc.constantFrom(
      "stop",
      "tool_choice",
      "thinking",
      "reasoning_effort",
      "metadata",
      "user",
      "temperature",
      "output_config",
      "service_tier",
      "logit_bias",
      "top_p",
    );
    const request = fc.record({
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      more: fc.dictionary(extra, fc.jsonValue(), { maxKeys: 3 }),
    });
    fc.assert(
      fc.property(request, ({ messages, more }) => {
        try {
          expect(bodyOf({ ...more, messages })["model"]).toBe("m-1");
        } catch (error) {
          expect(error).toBeInstanceOf(RouterError);
        }
      }),
    );
  });
});

function parts(...content: readonly Fields[]): Fields {
  return { messages: [{ role: "user", content }] };
}

function attempt(fields: Fields, send = scriptedVendor().send) {
  const timers = manualTimers();
  const dispatch = createDispatch({
    endpoints: endpointsOf({ keys: KEYS }),
    timeouts: TIMEOUTS,
    circuits: NO_CIRCUITS,
    random: () => 0,
    clock: timers.clock,
    timer: timers.timer,
    pause: timers.pause,
    send,
  });
  const { signal } = new AbortController();
  const request = requestOf(fields);
  const timeoutMs = TOTAL_TIMEOUT_MS;
  return dispatch({ model: "anthropic/m", upstreamModel: "m-1", request, signal, timeoutMs });
}

describe("an attempt at Anthropic", () => {
  it("fails before it is sent where it cannot be said, and another vendor may do better", async ({
    expect,
  }) => {
    expect(await attempt({ n: 2 })).toMatchObject({
      kind: "failure",
      reason: "rejected",
      isRetryable: true,
      message: "Anthropic's API cannot take the field n (n): leave it out",
    });
  });

  it("is the client's fault where nobody could take the request, and nobody is called", async ({
    expect,
  }) => {
    const { send, requests } = scriptedVendor();
    const model = "anthropic/m";
    const scorer = fakeScorer([{ ...MODELS[1]!, id: model }]);
    const service = createService({ send, keys: KEYS, scorer });
    expect(await errorOf(await service.chat({ model, verbosity: "low" }))).toMatchObject({
      status: 400,
      type: "invalid_request_error",
      code: "upstream_rejected",
      message: expect.stringContaining("verbosity"),
    });
    expect(requests).toEqual([]);
  });

  it.for<[number, string, boolean, string]>([
    [400, "invalid_request_error", false, "rejected"],
    [413, "request_too_large", true, "vendor_error"],
    [429, "rate_limit_error", true, "rate_limited"],
    [500, "api_error", true, "vendor_error"],
    [529, "overloaded_error", true, "vendor_error"],
  ])(
    "takes status %i with %s for what it is",
    async ([status, type, isRetryable, reason], { expect }) => {
      const body = { type: "error", error: { type, message: "It said so" }, request_id: "req_1" };
      const { send } = scriptedVendor(json(status, body));
      expect(await attempt({}, send)).toMatchObject({
        kind: "failure",
        reason,
        isRetryable,
        message: "Anthropic: It said so",
      });
    },
  );
});
