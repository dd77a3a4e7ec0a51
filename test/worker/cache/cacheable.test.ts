/** What is looked up and what is kept, case by case. */
import { describe, it } from "vitest";
import { bypassOf, isKeepable } from "../../../worker/cache/cacheable.ts";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";

function bypass(fields: Record<string, unknown>): string | undefined {
  const messages = [{ role: "user", content: "Hello" }];
  return bypassOf(chatRequestSchema.parse({ model: "auto", messages, ...fields }));
}

function saying(part: Record<string, unknown>): Record<string, unknown> {
  return { messages: [{ role: "user", content: [{ type: "text", text: "What is it?" }, part] }] };
}

describe("a request", () => {
  it.for([
    ["text alone", {}],
    ["functions", { tools: [{ type: "function", function: { name: "f" } }] }],
    ["fields that are null", { web_search_options: null, conversation: null }],
    [
      "a picture that it brings",
      saying({ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }),
    ],
    ["a file that it brings", saying({ type: "file", file: { file_data: "data:,x" } })],
  ] as const)("of %s is looked up", ([, fields], { expect }) => {
    expect(bypass(fields)).toBeUndefined();
  });

  it.for([
    ["a search on the web", { web_search_options: {} }, "live"],
    ["a vendor's own tool", { tools: [{ type: "web_search" }] }, "live"],
    ["a voice", { modalities: ["text", "audio"], audio: { voice: "alloy" } }, "live"],
    [
      "a picture behind an address",
      saying({ type: "image_url", image_url: { url: "https://example.com/a.png" } }),
      "live",
    ],
    ["a vendor's file", saying({ type: "file", file: { file_id: "file-1" } }), "live"],
    ["an earlier answer", { previous_response_id: "resp_1" }, "kept_elsewhere"],
  ] as const)("of %s is not", ([, fields, why], { expect }) => {
    expect(bypass(fields)).toBe(why);
  });
});

describe("an answer", () => {
  const message = { role: "assistant", content: "384,400 km" };
  const choice = { index: 0, message, finish_reason: "stop" };

  it("that is whole is kept, whatever else is in it", ({ expect }) => {
    const refusal = null;
    const choices = [choice, { ...choice, message: { ...message, refusal, tool_calls: [] } }];
    expect(isKeepable({ choices, usage: { total_tokens: 3 } })).toBe(true);
  });

  it.for([
    ["has no choices", []],
    ["was cut", [{ ...choice, finish_reason: "length" }]],
    ["was filtered", [{ ...choice, finish_reason: "content_filter" }]],
    ["has not ended", [{ ...choice, finish_reason: null }]],
    ["refuses", [{ ...choice, message: { ...message, refusal: "No." } }]],
    ["calls a tool", [{ ...choice, message: { ...message, tool_calls: [{ id: "1" }] } }]],
    ["calls a function", [{ ...choice, message: { ...message, function_call: { name: "f" } } }]],
    ["says nothing", [{ ...choice, message: { role: "assistant", content: "" } }]],
    ["is spoken", [{ ...choice, message: { ...message, audio: { id: "a" } } }]],
    ["has one such choice among others", [choice, { ...choice, finish_reason: "length" }]],
    ["is no answer", ["choice"]],
    ["has no message", [{ index: 0, finish_reason: "stop" }]],
  ] as const)("that %s is not", ([, choices], { expect }) => {
    expect(isKeepable({ choices })).toBe(false);
  });

  it("without a list of choices is not", ({ expect }) => {
    expect(isKeepable({ choices: "none" })).toBe(false);
    expect(isKeepable({})).toBe(false);
  });
});
