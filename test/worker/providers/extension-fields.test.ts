/** What a vendor is sent of fields that OpenAI does not have. */
import { describe, it } from "vitest";
import type { ChatRequest } from "../../../worker/domain/chat.ts";
import { withoutExtensions } from "../../../worker/providers/extension-fields.ts";

const CACHE = { type: "ephemeral" };
const BLOCKS = [{ type: "thinking", thinking: "Hm", signature: "s" }];

const REQUEST: ChatRequest = {
  model: "m",
  wind: "north",
  cache_control: CACHE,
  thinking: { type: "enabled", budget_tokens: 10_000 },
  tools: [{ type: "function", function: { name: "f" }, cache_control: CACHE }],
  messages: [
    { role: "system", content: [{ type: "text", text: "a", cache_control: CACHE }] },
    { role: "assistant", content: null, reasoning_content: "Hm", thinking_blocks: BLOCKS },
    { role: "tool", tool_call_id: "t1", content: "404", is_error: true, cache_control: CACHE },
    { role: "tool", tool_call_id: "t2", content: [{ type: "text", text: "gone" }], is_error: true },
  ],
};

const PLAIN = {
  model: "m",
  wind: "north",
  reasoning_effort: "medium",
  tools: [{ type: "function", function: { name: "f" } }],
  messages: [
    { role: "system", content: [{ type: "text", text: "a" }] },
    { role: "assistant", content: null },
    { role: "tool", tool_call_id: "t1", content: "The tool failed: 404" },
    {
      role: "tool",
      tool_call_id: "t2",
      content: [
        { type: "text", text: "The tool failed: " },
        { type: "text", text: "gone" },
      ],
    },
  ],
};

describe("withoutExtensions", () => {
  it("says in OpenAI's words what they have words for, and takes out the rest", ({ expect }) => {
    expect(withoutExtensions(REQUEST, [])).toEqual(PLAIN);
  });

  it("leaves a vendor the fields that it knows", ({ expect }) => {
    const cached = withoutExtensions(REQUEST, ["cache_control"]);
    expect(cached["cache_control"]).toEqual(CACHE);
    expect(cached.tools).toEqual(REQUEST.tools);
    expect(cached.messages[0]).toEqual(REQUEST.messages[0]);
    const thinking = withoutExtensions(REQUEST, ["thinking", "reasoning_content"]);
    expect(thinking).toMatchObject({ thinking: REQUEST["thinking"] });
    expect(thinking).not.toHaveProperty("reasoning_effort");
    expect(thinking.messages[1]).toEqual({
      role: "assistant",
      content: null,
      reasoning_content: "Hm",
    });
  });

  it.for([
    [{ type: "enabled", budget_tokens: 1_024 }, undefined, "low"],
    [{ type: "enabled", budget_tokens: 32_000 }, undefined, "high"],
    [{ type: "enabled", budget_tokens: 32_000 }, "low", "low"],
    [{ type: "adaptive" }, undefined, undefined],
    [{ type: "disabled" }, undefined, undefined],
  ] as const)("%j with effort %s is effort %s", ([thinking, asked, effort], { expect }) => {
    const request = { model: "m", messages: [], thinking, reasoning_effort: asked };
    expect(withoutExtensions(request, [])["reasoning_effort"]).toBe(effort);
  });

  it("is the same request where there is nothing to take out", ({ expect }) => {
    const request: ChatRequest = { model: "m", messages: [{ role: "user", content: "Hi" }] };
    expect(withoutExtensions(request, [])).toEqual(request);
  });
});
