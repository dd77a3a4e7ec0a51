/** Requests of the Responses API, and the chat requests that they become. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../../../worker/domain/chat.ts";
import { chatRequestOf } from "../../../../../worker/http/wire/responses/chat-request.ts";
import { responsesRequestSchema } from "../../../../../worker/http/wire/responses/request-schema.ts";
import { sealThinking } from "../../../../../worker/http/wire/responses/sealed-thinking.ts";

function converted(fields: Record<string, unknown>) {
  return chatRequestOf(responsesRequestSchema.parse({ model: "auto", input: "Hi", ...fields }));
}

function messagesOf(...input: unknown[]) {
  return converted({ input }).messages;
}

const SIGNED = { type: "thinking" as const, thinking: "Tide first.", signature: "c2ln" };
function call(call_id: string) {
  const json = `{"of":"${call_id}"}`;
  const id = `fc_${call_id}`;
  return { type: "function_call", id, status: "completed", call_id, name: "f", arguments: json };
}

function asked(id: string) {
  return { id, type: "function", function: { name: "f", arguments: `{"of":"${id}"}` } };
}

function output(call_id: string) {
  return { type: "function_call_output", call_id, output: `${call_id}!` };
}

function told(id: string) {
  return { role: "tool", tool_call_id: id, content: `${id}!` };
}

function said(text: string) {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return { type: "message", id: "msg_1", status: "completed", role: "assistant", content };
}

function thought(text: string, more: object = {}) {
  return { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text }], ...more };
}

describe("settings", () => {
  const CASES: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ["nothing but the text", {}, {}],
    [
      "null, which is nothing",
      { temperature: null, tools: null, text: null, conversation: null },
      {},
    ],
    [
      "fields of the same meaning",
      { temperature: 0.2, top_p: 0.9, parallel_tool_calls: false, user: "u", service_tier: "flex" },
      { temperature: 0.2, top_p: 0.9, parallel_tool_calls: false, user: "u", service_tier: "flex" },
    ],
    ["fields that nobody here knows", { seed: 3, top_k: 40 }, { seed: 3, top_k: 40 }],
    ["what is for us alone", { metadata: { a: "b" }, store: true, sluice: { quality: 1 } }, {}],
    ["a limit", { max_output_tokens: 7 }, { max_completion_tokens: 7 }],
    [
      "a stream, with its usage",
      { stream: true },
      { stream: true, stream_options: { include_usage: true } },
    ],
    ["thinking", { reasoning: { effort: "low", summary: "auto" } }, { reasoning_effort: "low" }],
    ["a manner", { text: { verbosity: "low", format: { type: "text" } } }, { verbosity: "low" }],
    [
      "JSON",
      { text: { format: { type: "json_object" } } },
      { response_format: { type: "json_object" } },
    ],
    [
      "a schema",
      {
        text: {
          format: {
            type: "json_schema",
            name: "n",
            schema: { type: "object" },
            strict: true,
            description: null,
          },
        },
      },
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "n", schema: { type: "object" }, strict: true },
        },
      },
    ],
    ["probabilities", { include: ["message.output_text.logprobs"] }, { logprobs: true }],
    ["several probabilities", { top_logprobs: 4 }, { logprobs: true, top_logprobs: 4 }],
    ["a choice without tools that says nothing", { tool_choice: "auto", tools: [] }, {}],
    [
      "a choice without tools that cannot be kept",
      { tool_choice: "required" },
      { tool_choice: "required" },
    ],
  ];
  it.for(CASES)("%s", ([, fields, expected], { expect }) => {
    const messages = [{ role: "user", content: "Hi" }];
    expect(converted(fields)).toEqual({ model: "auto", messages, ...expected });
  });

  it("tools, and which of them may be called", ({ expect }) => {
    const parameters = { type: "object", properties: {} };
    const tools = [
      {
        type: "function",
        name: "a",
        parameters,
        strict: true,
        description: null,
        cache_control: { type: "ephemeral" },
      },
      { type: "function", name: "b", parameters: null, description: "B" },
    ];
    const a = {
      type: "function",
      function: { name: "a", parameters, strict: true },
      cache_control: { type: "ephemeral" },
    };
    const b = { type: "function", function: { name: "b", description: "B" } };
    expect(converted({ tools, tool_choice: { type: "function", name: "b" } })).toMatchObject({
      tools: [a, b],
      tool_choice: { type: "function", function: { name: "b" } },
    });
    const allowed = {
      type: "allowed_tools",
      mode: "required",
      tools: [{ type: "function", name: "a" }],
    };
    expect(converted({ tools, tool_choice: allowed })).toMatchObject({
      tools: [a],
      tool_choice: "required",
    });
  });
});

describe("input", () => {
  it("has instructions before everything", ({ expect }) => {
    expect(converted({ instructions: "Be brief." }).messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ]);
  });

  it("has parts of all kinds, with the marks on them", ({ expect }) => {
    const mark = { cache_control: { type: "ephemeral" } };
    const content = [
      { type: "input_text", text: "Look:", ...mark },
      {
        type: "input_image",
        image_url: "https://example.com/a.png",
        detail: "high",
        file_id: null,
      },
      { type: "input_image", image_url: "data:image/png;base64,AA==" },
      { type: "input_file", file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" },
      { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
    ];
    expect(messagesOf({ role: "user", content })).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look:", ...mark },
          { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "high" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
          {
            type: "file",
            file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" },
          },
          { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
        ],
      },
    ]);
  });

  it("has one message for what an assistant did in one turn", ({ expect }) => {
    const items = [
      { role: "user", content: "Both tides?" },
      thought("Tide first.", { encrypted_content: sealThinking([SIGNED]) }),
      said("I look."),
      call("a"),
      call("b"),
      output("b"),
      output("a"),
      said("High at noon."),
    ];
    expect(messagesOf(...items)).toEqual([
      { role: "user", content: "Both tides?" },
      {
        role: "assistant",
        reasoning_content: "Tide first.",
        thinking_blocks: [SIGNED],
        content: "I look.",
        tool_calls: [asked("a"), asked("b")],
      },
      told("b"),
      told("a"),
      { role: "assistant", content: "High at noon." },
    ]);
  });

  it("keeps calls together that words or thoughts came between, for their results follow", ({
    expect,
  }) => {
    const items = [
      call("a"),
      thought("And b."),
      said("Also b."),
      call("b"),
      output("a"),
      output("b"),
    ];
    expect(messagesOf(...items)).toEqual([
      {
        role: "assistant",
        reasoning_content: "And b.",
        content: "Also b.",
        tool_calls: [asked("a"), asked("b")],
      },
      told("a"),
      told("b"),
    ]);
  });

  it("joins what was said on both sides of such a call", ({ expect }) => {
    const items = [said("One."), call("a"), said("Two."), thought("Hm."), call("b"), output("a")];
    expect(messagesOf(...items, output("b"))).toEqual([
      {
        role: "assistant",
        reasoning_content: "Hm.",
        content: "One.\n\nTwo.",
        tool_calls: [asked("a"), asked("b")],
      },
      told("a"),
      told("b"),
    ]);
  });

  it("keeps turns apart", ({ expect }) => {
    expect(messagesOf(call("a"), output("a"), call("b"), output("b"))).toEqual([
      { role: "assistant", content: null, tool_calls: [asked("a")] },
      told("a"),
      { role: "assistant", content: null, tool_calls: [asked("b")] },
      told("b"),
    ]);
    expect(messagesOf(said("One."), said("Two."), thought("Hm."), call("a"))).toEqual([
      { role: "assistant", content: "One." },
      { role: "assistant", content: "Two." },
      { role: "assistant", reasoning_content: "Hm.", content: null, tool_calls: [asked("a")] },
    ]);
  });

  it("has refusals, results with pictures, and what a vendor wants back with its call", ({
    expect,
  }) => {
    const refusal = [{ type: "refusal", refusal: "No." }];
    const extra_content = { google: { thought_signature: "s" } };
    const picture = { type: "input_image", image_url: "https://example.com/a.png" };
    const items = [
      { role: "assistant", content: refusal },
      { role: "user", content: "Please." },
      { ...call("a"), extra_content },
      { type: "function_call_output", call_id: "a", output: [picture] },
    ];
    expect(messagesOf(...items)).toEqual([
      { role: "assistant", content: "", refusal: "No." },
      { role: "user", content: "Please." },
      { role: "assistant", content: null, tool_calls: [{ ...asked("a"), extra_content }] },
      {
        role: "tool",
        tool_call_id: "a",
        content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }],
      },
    ]);
  });

  it("has a message for one that says nothing", ({ expect }) => {
    const empty = { role: "assistant", content: "" };
    expect(messagesOf({ role: "assistant", content: [] })).toEqual([empty]);
    expect(messagesOf(empty)).toEqual([empty]);
  });

  it("has nothing for a thought that was not shown", ({ expect }) => {
    const hidden = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: null };
    expect(messagesOf(hidden, { role: "user", content: "Hi" })).toEqual([
      { role: "user", content: "Hi" },
    ]);
  });
});

const junk = fc.oneof(fc.string(), fc.constant(null), fc.jsonValue());
const part = fc.record(
  {
    type: fc.constantFrom("input_text", "input_image", "output_text", "refusal", "input_file", "x"),
    text: fc.string(),
    image_url: fc.string(),
    refusal: fc.string(),
    file_data: fc.string(),
    detail: junk,
  },
  { requiredKeys: ["type", "text"] },
);
const content = fc.oneof(fc.string(), fc.array(part, { maxLength: 3 }), junk);
const item = fc.record(
  {
    type: fc.constantFrom(
      "message",
      "function_call",
      "function_call_output",
      "reasoning",
      undefined,
    ),
    role: fc.constantFrom("user", "assistant", "system", "developer"),
    content,
    call_id: fc.constantFrom("a", "b"),
    name: fc.constantFrom("f", "g"),
    arguments: fc.string(),
    output: content,
    summary: fc.array(fc.record({ text: fc.string() }), { maxLength: 2 }),
    encrypted_content: fc.oneof(
      fc.constant(sealThinking([SIGNED])),
      fc.constant("sluice-thinking-1:["),
      junk,
    ),
  },
  {
    requiredKeys: ["type", "role", "content", "call_id", "name", "arguments", "output", "summary"],
  },
);
const body = fc.record(
  {
    model: fc.constant("auto"),
    input: fc.oneof(fc.array(item, { maxLength: 6 }), fc.string(), junk),
    instructions: junk,
    tools: fc.oneof(junk, fc.constant([{ type: "function", name: "f" }])),
    tool_choice: fc.oneof(junk, fc.constant({ type: "function", name: "f" })),
    text: fc.oneof(junk, fc.constant({ format: { type: "json_object" } })),
    reasoning: fc.oneof(junk, fc.constant({ effort: "low" })),
    top_logprobs: junk,
  },
  { requiredKeys: ["model", "input"] },
);

describe("any body", () => {
  it("is refused, or becomes a chat request that is one", ({ expect }) => {
    fc.assert(
      fc.property(body, (given) => {
        const read = responsesRequestSchema.safeParse(given);
        if (!read.success) return;
        expect(chatRequestSchema.safeParse(chatRequestOf(read.data)).error).toBeUndefined();
      }),
    );
  });
});
