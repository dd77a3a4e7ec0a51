/**
 * What of a chat request the Responses API is sent, where the contract's cases do not show it. The other direction,
 * which clients' requests take, is the check: it was written from the same documentation for another purpose.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../../worker/domain/chat.ts";
import { chatRequestOf } from "../../../../worker/http/wire/responses/chat-request.ts";
import { responsesRequestSchema } from "../../../../worker/http/wire/responses/request-schema.ts";
import { isRecord } from "../../../../worker/lib/json.ts";
import { endpointsOf } from "../../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../../worker/providers/openai/adapter.ts";
import { parseObject } from "../../fixture/vendor.ts";

type Fields = Record<string, unknown>;

const TOOL = { type: "function", function: { name: "look_up" } };

function bodyFor(fields: Fields, vendor = "openai"): Fields {
  const addresses = { AZURE_OPENAI_ENDPOINT: "https://a.example" };
  const [endpoint] = endpointsOf({ keys: { [vendor]: ["key-1"] }, addresses }).get(vendor)!;
  const messages = [{ role: "user", content: "Hi" }];
  const request = chatRequestSchema.parse({ model: "auto", messages, tools: [TOOL], ...fields });
  const { url, body } = OPENAI_COMPATIBLE.buildRequest(endpoint, request, "m-1");
  if (!url.endsWith("/responses")) throw new Error(`Sent to ${url}`);
  return parseObject(body);
}

/** What a request adds to the plainest one with a tool. */
function addedBy(fields: Fields): Fields {
  const plain = bodyFor({});
  const own = Object.entries(bodyFor(fields));
  return Object.fromEntries(
    own.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(plain[name])),
  );
}

function inputFor(...messages: Fields[]): unknown {
  return bodyFor({ messages })["input"];
}

describe("a field", () => {
  it.for<[Fields, Fields]>([
    [{ max_tokens: 50 }, { max_output_tokens: 50 }],
    [{ max_tokens: 90, max_completion_tokens: 50 }, { max_output_tokens: 50 }],
    [{ reasoning_effort: "high" }, { reasoning: { effort: "high" } }],
    [
      { reasoning_effort: "high", reasoning: { summary: "auto", effort: "low" } },
      { reasoning: { summary: "auto", effort: "high" } },
    ],
    [{ thinking: { type: "enabled", budget_tokens: 9_000 } }, { reasoning: { effort: "medium" } }],
    [{ verbosity: "low" }, { text: { verbosity: "low" } }],
    [{ response_format: { type: "json_object" } }, { text: { format: { type: "json_object" } } }],
    [
      { response_format: { type: "json_schema", json_schema: { name: "a", schema: {} } } },
      { text: { format: { type: "json_schema", name: "a", schema: {}, strict: false } } },
    ],
    [{ tool_choice: "required" }, { tool_choice: "required" }],
    [
      {
        tool_choice: { type: "allowed_tools", allowed_tools: { mode: "required", tools: [TOOL] } },
      },
      {
        tool_choice: {
          type: "allowed_tools",
          mode: "required",
          tools: [{ type: "function", name: "look_up" }],
        },
      },
    ],
    [{ store: true }, { store: true }],
    [{ store: null, temperature: null, metadata: null }, {}],
    [{ stream_options: { include_usage: true } }, {}],
    [
      { stream: true, stream_options: { include_usage: false, include_obfuscation: false } },
      { stream: true, stream_options: { include_obfuscation: false } },
    ],
    [{ invented: { deep: [null] }, sluice: { preset: "cost" } }, { invented: { deep: [null] } }],
  ])("%j goes out as %j", ([fields, expected], { expect }) => {
    expect(addedBy(fields)).toEqual(expected);
  });

  it("of a tool keeps its meaning", ({ expect }) => {
    const spec = { name: "a", strict: true, parameters: { type: "object" }, extra: 1 };
    const tools = [
      TOOL,
      { type: "function", function: spec, cache_control: { type: "ephemeral" } },
    ];
    expect(bodyFor({ tools })["tools"]).toEqual([
      {
        type: "function",
        name: "look_up",
        parameters: { type: "object", properties: {} },
        strict: false,
      },
      { type: "function", ...spec },
    ]);
  });
});

describe("a message", () => {
  it("has neither a name nor marks, and the rest goes with it", ({ expect }) => {
    const marked = { type: "text", text: "Hi", cache_control: { type: "ephemeral" } };
    expect(inputFor({ role: "user", name: "Ada", content: [marked], invented: 1 })).toEqual([
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "Hi" }],
        invented: 1,
      },
    ]);
  });

  it("of an assistant is its words, then its calls, and not its thoughts", ({ expect }) => {
    const turn = {
      role: "assistant",
      content: [
        { type: "text", text: "Well." },
        { type: "refusal", refusal: "No." },
      ],
      refusal: "Never.",
      reasoning_content: "Hm.",
      thinking_blocks: [{ type: "thinking", thinking: "Hm.", signature: "s" }],
      tool_calls: [
        { id: "call_1", function: { name: "a", arguments: "{}" }, extra_content: { google: {} } },
      ],
    };
    const expected = [
      {
        type: "message",
        role: "assistant",
        content: [
          { type: "output_text", text: "Well." },
          { type: "refusal", refusal: "No." },
          { type: "refusal", refusal: "Never." },
        ],
      },
      { type: "function_call", call_id: "call_1", name: "a", arguments: "{}" },
    ];
    expect(inputFor(turn)).toEqual(expected);
    expect(bodyFor({ messages: [turn] }, "azure")["input"]).toEqual(expected);
    expect(inputFor({ ...turn, content: "", refusal: null })).toEqual(expected.slice(1));
  });

  it("of a tool that failed says so", ({ expect }) => {
    const result = { role: "tool", tool_call_id: "call_1", content: "14", is_error: true };
    expect(inputFor(result)).toEqual([
      { type: "function_call_output", call_id: "call_1", output: "The tool failed: 14" },
    ]);
  });
});

const text = fc.string({ minLength: 1 });
const texts = fc.oneof(
  text,
  fc.array(
    text.map((said) => ({ type: "text", text: said })),
    { minLength: 1 },
  ),
);
const call = fc.record({
  id: text,
  type: fc.constant("function"),
  function: fc.record({ name: text, arguments: fc.json() }),
});
/** One exchange, so that turns of the assistant never touch: Responses could not keep them apart. */
const exchange = fc
  .tuple(
    fc.record({ role: fc.constantFrom("user", "developer"), content: texts }),
    fc.record({
      role: fc.constant("assistant"),
      content: text,
      refusal: fc.option(text, { nil: undefined }),
    }),
    fc.array(call, { maxLength: 3 }),
    texts,
  )
  .map(([asked, answer, calls, result]) => [
    asked,
    calls.length > 0 ? { ...answer, tool_calls: calls } : answer,
    ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: result })),
  ]);

describe("a conversation", () => {
  it("comes back as it went out", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
        const messages = exchanges.flat().map((message) => JSON.parse(JSON.stringify(message)));
        const body = bodyFor({ messages, max_tokens: 20 });
        const back = chatRequestOf(responsesRequestSchema.parse(body));
        expect(back.messages).toEqual(messages);
        expect(back.max_completion_tokens).toBe(20);
      }),
    );
  });

  it("of any shape is asked on some path", ({ expect }) => {
    const wild = fc.dictionary(
      fc.constantFrom("content", "tool_calls", "refusal", "tool_call_id", "name", "audio"),
      fc.jsonValue(),
    );
    const request = fc.record({
      messages: fc.array(fc.tuple(wild, fc.constantFrom("user", "assistant", "tool")), {
        minLength: 1,
      }),
      tools: fc.array(fc.jsonValue()),
      tool_choice: fc.jsonValue(),
      response_format: fc.jsonValue(),
      text: fc.jsonValue(),
      reasoning: fc.jsonValue(),
    });
    const [endpoint] = endpointsOf({ keys: { openai: ["key-1"] } }).get("openai")!;
    fc.assert(
      fc.property(request, ({ messages, ...fields }) => {
        const parsed = chatRequestSchema.safeParse({
          model: "auto",
          messages: messages.map(([more, role]) => ({ ...more, role })),
          ...fields,
          tools: [TOOL, ...fields.tools.filter(isRecord)],
        });
        if (!parsed.success) return;
        const { body } = OPENAI_COMPATIBLE.buildRequest(endpoint, parsed.data, "m-1");
        expect(parseObject(body)["model"]).toBe("m-1");
      }),
    );
  });
});
