/** Bodies of /v1/messages and the chat requests that they become; and what is refused, by its name. */
import { describe, it } from "vitest";
import {
  readMessages,
  readPromptOnly,
  wantsThinking,
} from "../../../../../worker/http/wire/anthropic/request.ts";

type Fields = Record<string, unknown>;

const CACHE = { type: "ephemeral" };

function read(fields: Fields = {}) {
  return readMessages({
    model: "auto",
    max_tokens: 50,
    messages: [{ role: "user", content: "Hi" }],
    ...fields,
  });
}

/** The messages that these turns become. */
function turns(...messages: readonly Fields[]) {
  return read({ messages }).messages;
}

function user(...content: readonly Fields[]) {
  return turns({ role: "user", content });
}

describe("readMessages", () => {
  it("renames what OpenAI has under another name, and hands on the rest", ({ expect }) => {
    expect(
      read({
        system: "Be brief",
        stream: true,
        stop_sequences: ["END"],
        temperature: 0.5,
        top_k: 3,
        metadata: { user_id: "u-1" },
        service_tier: "standard_only",
        thinking: { type: "enabled", budget_tokens: 2000 },
        output_config: { effort: "high" },
        cache_control: CACHE,
        container: null,
        speed: "standard",
        sluice: { preset: "fast" },
        wind: "north",
      }),
    ).toEqual({
      model: "auto",
      max_tokens: 50,
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hi" },
      ],
      stream: true,
      stream_options: { include_usage: true },
      stop: ["END"],
      temperature: 0.5,
      top_k: 3,
      user: "u-1",
      service_tier: "default",
      thinking: { type: "enabled", budget_tokens: 2000 },
      reasoning_effort: "high",
      cache_control: CACHE,
      wind: "north",
    });
  });

  it("keeps cache hints where they stand", ({ expect }) => {
    const { messages } = read({
      system: [
        { type: "text", text: "a" },
        { type: "text", text: "b", cache_control: CACHE },
      ],
      messages: [
        { role: "user", content: [{ type: "text", text: "c", cache_control: CACHE }] },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "t1", name: "f", input: {}, cache_control: CACHE }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "t1", content: "d", cache_control: CACHE }],
        },
      ],
    });
    expect(messages).toMatchObject([
      { content: [{ text: "a" }, { text: "b", cache_control: CACHE }] },
      { content: [{ text: "c", cache_control: CACHE }] },
      { cache_control: CACHE, tool_calls: [{ id: "t1" }] },
      { role: "tool", content: "d", cache_control: CACHE },
    ]);
  });

  it("turns tools and each way to choose among them", ({ expect }) => {
    const input_schema = { type: "object", properties: {} };
    const tools = [
      { name: "f", description: "F", input_schema, cache_control: CACHE },
      { type: "custom", name: "g", input_schema, strict: true, eager_input_streaming: true },
    ];
    expect(read({ tools }).tools).toEqual([
      {
        type: "function",
        function: { name: "f", description: "F", parameters: input_schema },
        cache_control: CACHE,
      },
      { type: "function", function: { name: "g", parameters: input_schema, strict: true } },
    ]);
    const choices = [
      [{ type: "auto" }, { tool_choice: "auto" }],
      [{ type: "any" }, { tool_choice: "required" }],
      [{ type: "none" }, { tool_choice: "none" }],
      [
        { type: "tool", name: "f", disable_parallel_tool_use: true },
        {
          tool_choice: { type: "function", function: { name: "f" } },
          parallel_tool_calls: false,
        },
      ],
    ] as const;
    for (const [tool_choice, expected] of choices)
      expect(read({ tools, tool_choice })).toMatchObject(expected);
  });

  it("keeps an assistant's thinking, text and calls", ({ expect }) => {
    const signed = { type: "thinking", thinking: "Hm", signature: "sig" };
    const redacted = { type: "redacted_thinking", data: "xyz" };
    const [message] = turns({
      role: "assistant",
      content: [
        signed,
        redacted,
        { type: "text", text: "Wait", citations: null },
        { type: "tool_use", id: "t1", name: "f", input: { a: [1] }, caller: { type: "direct" } },
        { type: "tool_use", id: "t2", name: "g", input: {} },
      ],
    });
    expect(message).toEqual({
      role: "assistant",
      content: "Wait",
      reasoning_content: "Hm",
      thinking_blocks: [signed, redacted],
      tool_calls: [
        { id: "t1", type: "function", function: { name: "f", arguments: '{"a":[1]}' } },
        { id: "t2", type: "function", function: { name: "g", arguments: "{}" } },
      ],
    });
  });

  it("takes unsigned thinking for another vendor's, and no text for null", ({ expect }) => {
    const thinking = { type: "thinking", thinking: "Hm", signature: "" };
    expect(turns({ role: "assistant", content: [thinking] })).toEqual([
      { role: "assistant", content: null, reasoning_content: "Hm" },
    ]);
  });

  it("makes messages of a turn's results, and lets their pictures follow", ({ expect }) => {
    const image = { type: "image", source: { type: "url", url: "https://x.test/a.png" } };
    const picture = { type: "image_url", image_url: { url: "https://x.test/a.png" } };
    expect(
      user(
        { type: "tool_result", tool_use_id: "t1", content: "16:40" },
        {
          type: "tool_result",
          tool_use_id: "t2",
          content: [{ type: "text", text: "See" }, image],
          is_error: true,
        },
        { type: "tool_result", tool_use_id: "t3" },
        { type: "text", text: "Well?" },
      ),
    ).toEqual([
      { role: "tool", tool_call_id: "t1", content: "16:40" },
      { role: "tool", tool_call_id: "t2", content: "See", is_error: true },
      { role: "tool", tool_call_id: "t3", content: "" },
      {
        role: "user",
        content: [
          { type: "text", text: "Of tool call t2:" },
          picture,
          { type: "text", text: "Well?" },
        ],
      },
    ]);
  });

  it("takes pictures and documents as what they are", ({ expect }) => {
    const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERg==" };
    const [message] = user(
      { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } },
      {
        type: "document",
        source: pdf,
        title: "Tides.pdf",
        context: "Of 2026",
        citations: { enabled: false },
      },
      {
        type: "document",
        title: "Log",
        source: { type: "text", media_type: "text/plain", data: "Calm" },
      },
      {
        type: "document",
        source: { type: "content", content: [{ type: "text", text: "Fog" }] },
        cache_control: CACHE,
      },
    );
    expect(message?.content).toEqual([
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBO" } },
      { type: "text", text: "Of 2026" },
      {
        type: "file",
        file: { filename: "Tides.pdf", file_data: "data:application/pdf;base64,JVBERg==" },
      },
      { type: "text", text: "Log" },
      { type: "text", text: "Calm" },
      { type: "text", text: "Fog", cache_control: CACHE },
    ]);
  });

  it("holds a model to a schema as strictly as other vendors can", ({ expect }) => {
    const closed = {
      type: "object",
      properties: { at: { type: "string" } },
      required: ["at"],
      additionalProperties: false,
    };
    const optional = { ...closed, required: [] };
    const nested = { ...closed, properties: { at: { anyOf: [optional] } } };
    for (const [schema, strict] of [
      [closed, true],
      [optional, undefined],
      [nested, undefined],
    ] as const)
      for (const fields of [
        { output_config: { format: { type: "json_schema", schema } } },
        { output_format: { type: "json_schema", schema } },
      ])
        expect(read(fields).response_format).toEqual({
          type: "json_schema",
          json_schema: { name: "answer", schema, ...(strict && { strict }) },
        });
  });

  it("knows whether thinking was asked for", ({ expect }) => {
    expect(wantsThinking(read({ thinking: { type: "adaptive" } }))).toBe(true);
    expect(wantsThinking(read({ thinking: { type: "disabled" } }))).toBe(false);
    expect(wantsThinking(read())).toBe(false);
  });

  it("reads a prompt without a limit only to count it", ({ expect }) => {
    const body = { model: "auto", messages: [{ role: "user", content: "Hi" }] };
    expect(readPromptOnly(body).messages).toEqual(body.messages);
    expect(() => readMessages(body)).toThrow(/^max_tokens/);
  });
});

interface Refusal {
  readonly fields: Fields;
  readonly param: string;
  readonly says?: RegExp;
}

function inUser(block: Fields): Fields {
  return { messages: [{ role: "user", content: [block] }] };
}

const AT = "messages[0].content[0]";
const RESULT = { type: "tool_result", tool_use_id: "t1" };
const TOOL = { name: "f", input_schema: {} };
const FORMAT = { type: "json_schema", schema: {} };

const REFUSALS: readonly Refusal[] = [
  { fields: { max_tokens: 0 }, param: "max_tokens" },
  { fields: { messages: [] }, param: "messages" },
  { fields: { messages: [{ role: "tool", content: "a" }] }, param: "messages[0].role" },
  { fields: { mcp_servers: [{ url: "https://x.test" }] }, param: "mcp_servers", says: /client/ },
  { fields: { container: "c-1" }, param: "container" },
  { fields: { context_management: { edits: [] } }, param: "context_management" },
  { fields: { inference_geo: "eu" }, param: "inference_geo" },
  { fields: { speed: "fast" }, param: "speed", says: /preset fast/ },
  { fields: { metadata: { team: "a" } }, param: "metadata.team" },
  { fields: { output_config: { task_budget: {} } }, param: "output_config.task_budget" },
  { fields: { output_config: { format: FORMAT }, output_format: FORMAT }, param: "output_format" },
  {
    fields: { tools: [TOOL, { type: "web_search_20250305", name: "web_search" }] },
    param: "tools[1].type",
    says: /web_search_20250305.*custom/,
  },
  { fields: { tools: [{ ...TOOL, defer_loading: true }] }, param: "tools[0].defer_loading" },
  {
    fields: { tools: [{ ...TOOL, input_examples: [{}] }] },
    param: "tools[0].input_examples",
  },
  { fields: { tools: [{ name: "f" }] }, param: "tools[0].input_schema" },
  { fields: { tools: [TOOL], tool_choice: { type: "tool" } }, param: "tool_choice.name" },
  {
    fields: inUser({ type: "server_tool_use", id: "s" }),
    param: `${AT}.type`,
    says: /Anthropic only/,
  },
  { fields: inUser({ type: "thinking", thinking: "a", signature: "b" }), param: `${AT}.type` },
  {
    fields: inUser({ type: "image", source: { type: "file", file_id: "f-1" } }),
    param: `${AT}.source.type`,
    says: /base64 or url/,
  },
  {
    fields: inUser({ type: "document", source: { type: "url", url: "https://x.test/a.pdf" } }),
    param: `${AT}.source.type`,
    says: /base64/,
  },
  {
    fields: inUser({
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "a" },
      citations: { enabled: true },
    }),
    param: `${AT}.citations.enabled`,
  },
  { fields: inUser({ type: "text" }), param: `${AT}.text` },
  { fields: inUser({ type: "text", text: "a", citations: [{}] }), param: `${AT}.citations[0]` },
  {
    fields: inUser({ ...RESULT, content: [{ type: "tool_reference" }] }),
    param: `${AT}.content[0].type`,
  },
  { fields: { system: [{ type: "image" }] }, param: "system[0].type" },
];

describe("a body that cannot be carried to every vendor", () => {
  it.for(REFUSALS)("is refused at $param", ({ fields, param, says = /./ }, { expect }) => {
    expect(() => read(fields)).toThrow(
      expect.objectContaining({
        type: "invalid_request_error",
        status: 400,
        param,
        message: expect.stringMatching(says),
      }),
    );
  });
});
