/** Lists of strings as Python prints them, and texts that are none. */
import { describe, it } from "vitest";
import { pythonStrings } from "../../../../scripts/dataset/importers/python-strings.ts";

describe("pythonStrings", () => {
  it("reads quotes and escapes of both kinds", ({ expect }) => {
    expect(pythonStrings(String.raw`['one', "it's", 'a\nb\\c\'d']`)).toEqual([
      "one",
      "it's",
      "a\nb\\c'd",
    ]);
    expect(pythonStrings(String.raw`['\x41\u00e9\U0001f600']`)).toEqual(["Aé😀"]);
    expect(pythonStrings(" ['x'] ")).toEqual(["x"]);
    expect(pythonStrings("[]")).toEqual([]);
  });

  it.for(["", "plain", "[1, 2]", "['open", "['a'] b", "['a' 'b']", "['a',]x"])(
    "knows that %j is none",
    (text, { expect }) => {
      expect(pythonStrings(text)).toBeUndefined();
    },
  );
});
