/** What a Response comes to that is no ordinary answer; the contract's cases show the ordinary ones. */
import { describe, it } from "vitest";
import { endpointsOf } from "../../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../../worker/providers/openai/adapter.ts";

type Fields = Record<string, unknown>;

const KEY = "very-secret-0123456789";
const [ENDPOINT] = endpointsOf({ keys: { openai: [KEY] } }).get("openai")!;
const CALL = { type: "function_call", call_id: "call_1", name: "look_up", arguments: "{}" };

function read(fields: Fields) {
  const body = { id: "resp_1", object: "response", model: "m-1", output: [], ...fields };
  return OPENAI_COMPATIBLE.readAnswer(
    { text: JSON.stringify(body), body, createdS: 1_741_569_952 },
    ENDPOINT,
  );
}

function choiceOf(fields: Fields): unknown {
  const answer = read(fields);
  if (answer.kind === "failure") throw new Error(answer.message);
  const { choices } = answer.body;
  return Array.isArray(choices) ? choices[0] : undefined;
}

function message(...content: Fields[]): Fields {
  return { type: "message", role: "assistant", content };
}

describe("a Response", () => {
  it.for<[string, Fields, string]>([
    ["failed", { status: "failed", error: { message: `busy ${KEY}` } }, "vendor_error"],
    ["failed without a word", { status: "failed", error: null }, "vendor_error"],
    ["with an error", { error: { code: "invalid_prompt", message: "no" } }, "content_filtered"],
    [
      "too long",
      { status: "failed", error: { code: "context_length_exceeded", message: "long" } },
      "context_overflow",
    ],
    ["queued", { status: "queued" }, "malformed"],
    ["cancelled", { status: "cancelled" }, "malformed"],
    ["without output", { output: null }, "malformed"],
    ["with a call that has no id", { output: [{ ...CALL, call_id: null }] }, "malformed"],
    ["with a call that has no arguments", { output: [{ ...CALL, arguments: {} }] }, "malformed"],
  ])("%s is a failure", ([_what, fields, reason], { expect }) => {
    const failure = read(fields);
    expect(failure).toMatchObject({ kind: "failure", reason, isRetryable: true });
    expect(JSON.stringify(failure)).not.toContain(KEY);
  });

  it.for<[string, Fields, Fields]>([
    ["says nothing", { status: "completed" }, { content: "", finish: "stop" }],
    ["has no status", { output: [CALL] }, { content: null, finish: "tool_calls" }],
    [
      "was cut off in a call",
      { status: "incomplete", output: [CALL] },
      { content: null, finish: "length" },
    ],
    [
      "was cut off in thought",
      {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: [{ type: "reasoning", summary: [] }],
      },
      { content: "", finish: "length" },
    ],
    [
      "was emptied by a filter",
      { status: "incomplete", incomplete_details: { reason: "content_filter" } },
      { content: "", finish: "content_filter" },
    ],
    [
      "has items and parts of other types",
      {
        status: "completed",
        output: [
          { type: "web_search_call" },
          null,
          message({ type: "audio" }, { type: "output_text", text: "A" }),
          message({ type: "output_text", text: "B" }),
        ],
      },
      { content: "AB", finish: "stop" },
    ],
  ])("that %s is an answer", ([_what, fields, { content, finish }], { expect }) => {
    expect(choiceOf(fields)).toMatchObject({ message: { content }, finish_reason: finish });
  });

  it("names its sources as chat does, and shows thoughts of both kinds", ({ expect }) => {
    const source = { start_index: 0, end_index: 1, title: "A", url: "https://a.example" };
    const annotations = [{ type: "url_citation", ...source }];
    const thoughts = {
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Short." }],
      content: [{ type: "reasoning_text", text: "Long." }],
    };
    const output = [thoughts, message({ type: "output_text", text: "A", annotations })];
    expect(choiceOf({ output })).toMatchObject({
      message: {
        annotations: [{ type: "url_citation", url_citation: source }],
        reasoning_content: "Short.\n\nLong.",
      },
    });
  });

  it("without a date or a count has ours, and none", ({ expect }) => {
    expect(read({ usage: { input_tokens: -1, output_tokens: 2 } })).toMatchObject({
      body: { created: 1_741_569_952 },
    });
    expect(JSON.stringify(read({ usage: { input_tokens: -1 } }))).not.toContain("usage");
    expect(read({ usage: { input_tokens: 3, output_tokens: 2 } })).toMatchObject({
      body: { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
    });
  });
});
