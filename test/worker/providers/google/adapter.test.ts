/** What fixtures of the Gemini adapter cannot show: refusals, the models' generations, streams that fail. */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../../worker/domain/chat.ts";
import { RouterError } from "../../../../worker/domain/errors.ts";
import { endpointsOf } from "../../../../worker/providers/endpoints.ts";
import { GOOGLE } from "../../../../worker/providers/google/adapter.ts";
import { parseObject } from "../../fixture/vendor.ts";

const ENDPOINT = endpointsOf({ keys: { google: ["AIza-very-secret"] } }).get("google")![0];

function bodyFor(
  fields: Record<string, unknown>,
  model = "gemini-3.1-pro-preview",
): Record<string, unknown> {
  const request = chatRequestSchema.parse({
    model: "auto",
    messages: [{ role: "user", content: "Hi" }],
    ...fields,
  });
  return parseObject(GOOGLE.buildRequest(ENDPOINT, request, model).body);
}

function userWith(part: Record<string, unknown>) {
  return { messages: [{ role: "user", content: [part] }] };
}

const CALL = { id: "c1", type: "function", function: { name: "now", arguments: "{}" } };

describe("buildRequest", () => {
  it.for<[string, Record<string, unknown>]>([
    ["logit_bias", { logit_bias: { 50256: -100 } }],
    ["invented", { invented: 1 }],
    ["parallel_tool_calls", { parallel_tool_calls: false }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["extra_body", { extra_body: { google: { labels: {} } } }],
    ["reasoning_effort", { reasoning_effort: "enormous" }],
    ["response_format.type", { response_format: { type: "grammar" } }],
    ["response_format.json_schema.schema", { response_format: { type: "json_schema" } }],
    ["tools[0]", { tools: [{ type: "custom", custom: { name: "x" } }] }],
    ["tool_choice", { tools: [CALL], tool_choice: "maybe" }],
    ["messages[0].content[0].type", userWith({ type: "video_url" })],
    ["messages[0].content[0].image_url.url", userWith({ type: "image_url", image_url: {} })],
    [
      "messages[0].content[0].image_url.url",
      userWith({ type: "image_url", image_url: { url: "http://example.com/a.png" } }),
    ],
    ["messages[0].content[0].file.file_data", userWith({ type: "file", file: { file_id: "f" } })],
    ["messages[0].content[0].input_audio", userWith({ type: "input_audio" })],
    [
      "messages[0].tool_call_id",
      { messages: [{ role: "tool", tool_call_id: "unheard", content: "1" }] },
    ],
    [
      "messages[0].tool_calls[0].function.arguments",
      {
        messages: [
          {
            role: "assistant",
            tool_calls: [{ ...CALL, function: { name: "now", arguments: "[1" } }],
          },
        ],
      },
    ],
  ])("refuses %s, and says which field it is", ([field, fields], { expect }) => {
    let error: unknown;
    try {
      bodyFor(fields);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RouterError);
    expect(error).toMatchObject({ param: field, status: 400 });
  });

  it("leaves out what is not set, what is OpenAI's default and what files or caches it", ({
    expect,
  }) => {
    const fields = {
      logit_bias: {},
      functions: null,
      parallel_tool_calls: true,
      modalities: ["text"],
      store: true,
      metadata: { team: "a" },
      prompt_cache_key: "k",
    };
    expect(bodyFor(fields)).toEqual({ contents: [{ role: "user", parts: [{ text: "Hi" }] }] });
  });

  it.for<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["gemini-2.5-flash", { reasoning_effort: "none" }, { thinkingBudget: 0 }],
    [
      "gemini-2.5-flash",
      { reasoning_effort: "high" },
      { thinkingBudget: 24_576, includeThoughts: true },
    ],
    ["gemini-3.1-flash-lite", { reasoning_effort: "none" }, { thinkingLevel: "minimal" }],
    ["gemini-3.1-pro-preview", { thinking: { type: "disabled" } }, { thinkingLevel: "low" }],
    ["gemini-flash-latest", { thinking: { type: "adaptive" } }, { includeThoughts: true }],
    [
      "gemini-3.1-pro-preview",
      { extra_body: { google: { thinking_config: { thinking_level: "high" } } } },
      { thinking_level: "high" },
    ],
  ])("tells %s %j as %j", ([model, fields, thinkingConfig], { expect }) => {
    expect(bodyFor(fields, model)["generationConfig"]).toEqual({ thinkingConfig });
  });

  it.for<[string, string | undefined]>([
    ["gemini-2.5-pro", undefined],
    ["gemini-3.1-pro-preview", "skip_thought_signature_validator"],
  ])(
    "sends %s a call of another vendor's model with the signature %s",
    ([model, signature], { expect }) => {
      const messages = [
        { role: "user", content: "When?" },
        { role: "assistant", content: "", tool_calls: [CALL, { ...CALL, id: "c2" }] },
      ];
      const call = { functionCall: { id: "c1", name: "now", args: {} } };
      expect(bodyFor({ messages }, model)["contents"]).toEqual([
        { role: "user", parts: [{ text: "When?" }] },
        {
          role: "model",
          parts: [
            signature === undefined ? call : { ...call, thoughtSignature: signature },
            { functionCall: { id: "c2", name: "now", args: {} } },
          ],
        },
      ]);
    },
  );

  it("tells the model that a tool has failed", ({ expect }) => {
    const messages = [
      { role: "assistant", tool_calls: [CALL] },
      { role: "tool", tool_call_id: "c1", content: '{"at":1}', is_error: true },
    ];
    expect(bodyFor({ messages }, "gemini-2.5-pro")["contents"]).toContainEqual({
      role: "user",
      parts: [{ functionResponse: { id: "c1", name: "now", response: { error: '{"at":1}' } } }],
    });
  });

  it("asks for arguments that keep to the schema where a tool is strict", ({ expect }) => {
    const tools = [{ type: "function", function: { name: "now", strict: true } }];
    expect(bodyFor({ tools })["toolConfig"]).toEqual({
      functionCallingConfig: { mode: "VALIDATED" },
    });
  });
});

function read(...events: readonly unknown[]) {
  const reader = GOOGLE.openStream(ENDPOINT, 0);
  return events.map((event) => reader.take({ event: undefined, data: JSON.stringify(event) }));
}

function candidate(parts: readonly unknown[], finishReason?: string) {
  return { candidates: [{ content: { parts }, finishReason }], responseId: "r1" };
}

describe("openStream", () => {
  it("ends a blocked prompt's stream as filtered", ({ expect }) => {
    const [chunks] = read({ promptFeedback: { blockReason: "SAFETY" } });
    expect(chunks).toHaveLength(1);
    expect(JSON.stringify(chunks)).toContain("content_filter");
  });

  it.for([
    ["MALFORMED_FUNCTION_CALL", [{ text: "I" }]],
    ["OTHER", []],
  ] as const)("fails over %s after %j", ([reason, parts], { expect }) => {
    expect(read(candidate(parts, reason))).toMatchObject([
      { kind: "failure", reason: "malformed", isRetryable: true },
    ]);
  });

  it("takes OTHER for an end where there is an answer", ({ expect }) => {
    const [, end] = read(candidate([{ text: "Yes" }]), candidate([], "OTHER"));
    expect(JSON.stringify(end)).toContain('\\"finish_reason\\":\\"stop\\"');
  });

  it("quotes an error within the stream, without the key", ({ expect }) => {
    const error = { code: 503, message: "overloaded AIza-very-secret", status: "UNAVAILABLE" };
    const [, failure] = read(candidate([{ text: "Yes" }]), { error });
    expect(failure).toMatchObject({ kind: "failure", reason: "vendor_error" });
    expect(JSON.stringify(failure)).not.toContain("very-secret");
  });

  it("says nothing for an event that says nothing", ({ expect }) => {
    expect(read({ responseId: "r1" })).toEqual([[]]);
  });
});
