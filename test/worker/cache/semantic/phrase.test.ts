/** Which requests have a text that may be worded otherwise, and what is left without it. */
import { describe, it } from "vitest";
import { phraseIn } from "../../../../worker/cache/semantic/phrase.ts";
import { chatRequestSchema } from "../../../../worker/domain/chat.ts";

const USER = { role: "user", content: "How?" };
const PART = { type: "text", text: "How?" };
const PICTURE = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
const MARKED = { ...PART, cache_control: { type: "ephemeral" } };

function phraseOf(fields: Record<string, unknown>) {
  return phraseIn(chatRequestSchema.parse({ model: "auto", messages: [USER], ...fields }));
}

describe("phraseIn", () => {
  it("is the last thing that the user says, and the rest is all else", ({ expect }) => {
    const before = [
      { role: "system", content: "Be brief." },
      USER,
      { role: "assistant", content: "So." },
    ];
    const phrase = phraseOf({
      messages: [...before, { ...USER, content: "Why?" }],
      temperature: 0,
    });
    expect(phrase?.text).toBe("Why?");
    expect(phrase?.rest).toEqual({
      model: "auto",
      temperature: 0,
      messages: [...before, { role: "user", content: "" }],
    });
  });

  it("is the same for a text that stands in a part of its own", ({ expect }) => {
    const parts = [PART];
    expect(phraseOf({ messages: [{ role: "user", content: parts }] })).toEqual(phraseOf({}));
  });

  it.for<[string, Record<string, unknown>]>([
    [
      "the last word is not the user's",
      { messages: [USER, { role: "assistant", content: "So." }] },
    ],
    ["it answers a tool", { messages: [USER, { role: "tool", content: "3", tool_call_id: "c" }] }],
    ["there is nothing", { messages: [{ role: "user", content: " \n" }] }],
    ["there is null", { messages: [{ role: "user", content: null }] }],
    ["there is a picture beside it", { messages: [{ role: "user", content: [PART, PICTURE] }] }],
    ["the part says more than its text", { messages: [{ role: "user", content: [MARKED] }] }],
    ["several answers are wanted", { n: 2 }],
  ])("is none where %s", ([, fields], { expect }) => {
    expect(phraseOf(fields)).toBeUndefined();
  });
});
