/** What a guard no longer sees of a prompt, and what it still does. */
import { describe, it } from "vitest";
import { readText } from "../../../../worker/cache/guards/text.ts";

function wordsOf(text: string): string {
  return readText(text)
    .words.map(({ word }) => word)
    .join(" ");
}

describe("readText", () => {
  it("writes contractions out and drops possessives", ({ expect }) => {
    expect(wordsOf("Don’t, what's, won't: they're France's")).toBe(
      "do not , what is , will not : they are france",
    );
  });

  it("drops greetings and thanks, but not a prompt that is nothing else", ({ expect }) => {
    expect(wordsOf("Hi, please stop. Thank you")).toBe(", stop .");
    expect(wordsOf("Hello")).toBe("hello");
  });

  it("knows where sentences and lines begin, and what hangs together", ({ expect }) => {
    const { words } = readText("Go on. Then\nstop 5km");
    const opening = words.filter(({ opens }) => opens).map(({ word }) => word);
    expect(opening).toEqual(["go", "then", "stop"]);
    expect(words.filter(({ isGlued }) => isGlued).map(({ word }) => word)).toEqual([".", "km"]);
  });

  it("reads scripts without blanks by the character", ({ expect }) => {
    expect(wordsOf("ＡＢ 法国")).toBe("ab 法 国");
  });
});
