/** Completions and the messages that they become. */
import { describe, it } from "vitest";
import { messageView } from "../../../../../worker/http/wire/anthropic/answer.ts";
import { readUsage } from "../../../../../worker/pipeline/usage.ts";

const FRAME = { requestId: "req_7", model: "openai/small", showsThinking: true };
const USAGE = { prompt_tokens: 30, completion_tokens: 9, total_tokens: 39 };

/** The message of an answer that says `message`. */
function view(message: unknown, finish: string | null = "stop", frame = FRAME) {
  const choices = [{ index: 0, message, finish_reason: finish }];
  const body = { id: "chatcmpl-1", model: "m-1", choices, usage: USAGE };
  return messageView(body, readUsage(USAGE)!, frame);
}

function call(json: string, id = "call_1") {
  return { id, type: "function", function: { name: "f", arguments: json } };
}

describe("messageView", () => {
  it("is a whole message", ({ expect }) => {
    expect(view({ role: "assistant", content: "Hello." })).toEqual({
      id: "msg_7",
      type: "message",
      role: "assistant",
      model: "m-1",
      content: [{ type: "text", text: "Hello." }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 30,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 9,
      },
    });
  });

  it("tells apart what was written to the cache for minutes and for an hour", ({ expect }) => {
    const details = { cached_tokens: 5, cache_write_tokens: 20, cache_write_1h_tokens: 15 };
    const usage = { prompt_tokens: 30, completion_tokens: 9, prompt_tokens_details: details };
    expect(messageView({}, readUsage(usage)!, FRAME).usage).toEqual({
      input_tokens: 5,
      cache_creation_input_tokens: 20,
      cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 15 },
      cache_read_input_tokens: 5,
      output_tokens: 9,
    });
  });

  it("keeps a message's own id, and names the model where the vendor does not", ({ expect }) => {
    const body = { id: "msg_9", choices: [{ message: { content: "a" } }] };
    expect(messageView(body, readUsage(USAGE)!, FRAME)).toMatchObject({
      id: "msg_9",
      model: "openai/small",
    });
  });

  it("holds thinking, text and calls, in this order", ({ expect }) => {
    const signed = { type: "thinking", thinking: "Hm", signature: "sig" };
    const redacted = { type: "redacted_thinking", data: "xyz" };
    const message = view(
      {
        content: "Wait",
        reasoning_content: "Hm",
        thinking_blocks: [signed, redacted],
        tool_calls: [call('{"a":1}'), call("", "")],
      },
      "stop",
    );
    expect(message.content).toEqual([
      signed,
      redacted,
      { type: "text", text: "Wait" },
      { type: "tool_use", id: "call_1", name: "f", input: { a: 1 } },
      { type: "tool_use", id: "toolu_7_1", name: "f", input: {} },
    ]);
    expect(message.stop_reason).toBe("tool_use");
  });

  it("shows unsigned thinking only to a client that asked", ({ expect }) => {
    const said = { content: "Yes", reasoning: "Hm" };
    expect(view(said).content).toEqual([
      { type: "thinking", thinking: "Hm", signature: "" },
      { type: "text", text: "Yes" },
    ]);
    const quiet = { ...FRAME, showsThinking: false };
    expect(view(said, "stop", quiet).content).toEqual([{ type: "text", text: "Yes" }]);
  });

  it("leaves arguments that were cut off as the text that they are", ({ expect }) => {
    const message = view({ content: null, tool_calls: [call('{"a":')] }, "length");
    expect(message.content).toEqual([
      { type: "tool_use", id: "call_1", name: "f", input: '{"a":' },
    ]);
    expect(message.stop_reason).toBe("max_tokens");
  });

  it("says a refusal as text and as the reason", ({ expect }) => {
    const message = view({ content: null, refusal: "No." }, "content_filter");
    expect(message.content).toEqual([{ type: "text", text: "No." }]);
    expect(message.stop_reason).toBe("refusal");
  });

  it("is a message whatever a vendor calls a choice", ({ expect }) => {
    for (const choices of [[null], [{ message: 7 }], [{ message: { tool_calls: [null, {}] } }]])
      expect(messageView({ choices }, readUsage(USAGE)!, FRAME).type).toBe("message");
  });
});
