/** A chat request as the router reads it. */
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import { countParts, promptOf } from "../../../worker/routing/prompt-of.ts";

function request(messages: readonly unknown[], more: Record<string, unknown> = {}) {
  return chatRequestSchema.parse({ model: "auto", messages, ...more });
}

describe("promptOf", () => {
  it("knows OpenAI's six roles by our four", ({ expect }) => {
    const roles = ["system", "developer", "user", "assistant", "tool", "function"];
    const { turns } = promptOf(request(roles.map((role) => ({ role, content: role }))));
    expect(turns).toEqual([
      { role: "system", text: "system" },
      { role: "system", text: "developer" },
      { role: "user", text: "user" },
      { role: "assistant", text: "assistant" },
      { role: "tool", text: "tool" },
      { role: "tool", text: "function" },
    ]);
  });

  it("joins the text of parts, and finds none in the others", ({ expect }) => {
    const content = [
      { type: "text", text: "first" },
      { type: "image_url", image_url: { url: "data:" } },
      { type: "text", text: "second" },
    ];
    const { turns, imageCount } = promptOf(request([{ role: "user", content }]));
    expect(turns[0]!.text.split(/\n+/)).toEqual(["first", "second"]);
    expect(imageCount).toBe(1);
  });

  it("reads an absent, null or empty content as no text", ({ expect }) => {
    const { turns } = promptOf(
      request([
        { role: "assistant" },
        { role: "assistant", content: null },
        { role: "user", content: [] },
      ]),
    );
    expect(turns.map(({ text }) => text)).toEqual(["", "", ""]);
  });

  it("counts pictures in every message, and tools", ({ expect }) => {
    const picture = { role: "user", content: [{ type: "image_url" }, { type: "image_url" }] };
    const tools = [{ type: "function" }, { type: "custom" }];
    const prompt = promptOf(
      request([picture, { role: "user", content: "and?" }, picture], { tools }),
    );
    expect([prompt.imageCount, prompt.toolCount]).toEqual([4, 2]);
    expect(promptOf(request([picture], { tools: null })).toolCount).toBe(0);
  });

  it.for([
    [undefined, false],
    [null, false],
    [{ type: "text" }, false],
    [{ type: "json_object" }, true],
    [{ type: "json_schema", json_schema: {} }, true],
  ] as const)("takes the format %j for JSON: %s", ([format, wantsJson], { expect }) => {
    const more = format === undefined ? {} : { response_format: format };
    expect(promptOf(request([{ role: "user", content: "x" }], more)).wantsJson).toBe(wantsJson);
  });
});

describe("countParts", () => {
  it("counts parts of one type only, and text content not at all", ({ expect }) => {
    const { messages } = request([
      { role: "user", content: "input_audio" },
      { role: "user", content: [{ type: "input_audio" }, { type: "text", text: "input_audio" }] },
    ]);
    expect(countParts(messages, "input_audio")).toBe(1);
    expect(countParts(messages, "image_url")).toBe(0);
  });
});
