/** The request's schema: what it insists on, and that it keeps its hands off everything else. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { chatRequestSchema, usageSchema } from "../../../worker/domain/chat.ts";
import { vendorOf } from "../../../worker/domain/upstream.ts";

const HELLO = { model: "auto", messages: [{ role: "user", content: "Hello" }] };

describe("chatRequestSchema", () => {
  it("passes on every field that it does not know, at every depth", ({ expect }) => {
    const body = {
      ...HELLO,
      messages: [
        { role: "user", content: [{ type: "image_url", image_url: { url: "u", detail: "low" } }] },
        { role: "assistant", content: null, tool_calls: [{ id: "1", type: "function" }] },
        { role: "tool", tool_call_id: "1", content: "" },
      ],
      stream_options: { include_usage: true, more: 1 },
      tools: [{ type: "function", function: { name: "f", parameters: {} } }],
      response_format: { type: "json_schema", json_schema: { name: "s" } },
      seed: 7,
      vendor_novelty: { deep: [1, { x: null }] },
    };
    expect(chatRequestSchema.parse(body)).toEqual(body);
  });

  it("gives back whatever unknown values come along", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).map((key) => `x_${key}`),
          fc.jsonValue(),
        ),
        (extra) => {
          expect(chatRequestSchema.parse({ ...extra, ...HELLO })).toEqual({ ...extra, ...HELLO });
        },
      ),
    );
  });

  it("takes null where SDKs send it", ({ expect }) => {
    const nulls = { stream: null, max_tokens: null, n: null, tools: null, response_format: null };
    expect(chatRequestSchema.safeParse({ ...HELLO, ...nulls }).success).toBe(true);
  });

  it.for([
    ["model", { model: "" }],
    ["model", { model: "m".repeat(257) }],
    ["messages", { messages: [] }],
    ["messages.0.role", { messages: [{ role: "root", content: "x" }] }],
    ["messages.0.content", { messages: [{ role: "user", content: 7 }] }],
    ["messages", { messages: Array.from({ length: 4_097 }, () => HELLO.messages[0]) }],
    ["max_tokens", { max_tokens: 0 }],
    ["max_completion_tokens", { max_completion_tokens: 1.5 }],
    ["n", { n: 0 }],
    ["n", { n: 129 }],
    ["tools", { tools: Array.from({ length: 513 }, () => ({ type: "function" })) }],
    ["stream", { stream: "yes" }],
  ] as const)("refuses a wrong %s", ([path, wrong], { expect }) => {
    const parsed = chatRequestSchema.safeParse({ ...HELLO, ...wrong });
    expect(parsed.error?.issues[0]?.path.join(".")).toBe(path);
  });
});

describe("usageSchema", () => {
  it("takes usage with fields that nobody prices", ({ expect }) => {
    const usage = {
      prompt_tokens: 3,
      completion_tokens: 0,
      total_tokens: 3,
      prompt_tokens_details: { cached_tokens: null, audio_tokens: 0 },
    };
    expect(usageSchema.parse(usage)).toEqual(usage);
  });

  it.for([
    {},
    { prompt_tokens: -1, completion_tokens: 0 },
    { prompt_tokens: 1.5, completion_tokens: 0 },
    { prompt_tokens: 1, completion_tokens: "2" },
  ])("refuses %j", (wrong, { expect }) => {
    expect(usageSchema.safeParse(wrong).success).toBe(false);
  });
});

describe("vendorOf", () => {
  it("is the part before the first slash", ({ expect }) => {
    expect(vendorOf("openai/gpt-5")).toBe("openai");
    expect(vendorOf("together/meta/llama:free")).toBe("together");
  });
});
