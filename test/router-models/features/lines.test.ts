/** Where a question ends and its options begin. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { readLines } from "../../../router-models/features/lines.ts";

describe("readLines", () => {
  it.for([
    ["Which?\nA. one\nB. two", "Which?\n"],
    ["Which?\n(a) one\nor\n(b) two\nSay why.", "Which?\n"],
    ["A. one\nB. two", ""],
    ["Only one.\nA. it", "Only one.\nA. it"],
    ["1. first\n2) second", "1. first\n2) second"],
    ["Mend it:\nx.append(1)\ns.split(3)", "Mend it:\nx.append(1)\ns.split(3)"],
    ["e.g. this\ni.e. that", "e.g. this\ni.e. that"],
    ["Which?\nA.\nB.", "Which?\n"],
    ["", ""],
  ] as const)("takes the stem of %j to be %j", ([text, stem], { expect }) => {
    expect(text.slice(0, readLines(text).stemEnd)).toBe(stem);
  });

  it.for([
    ["A. 5", 1],
    ["(b) $ .25", 1],
    ["C) −5", 0],
    ["D. -£3 a day", 1],
    ["E. x = 5", 0],
    ["F.", 0],
  ] as const)("sees whether %j begins with a number", ([option, count], { expect }) => {
    expect(readLines(option)).toMatchObject({ options: 1, numericOptions: count });
  });

  it("divides every text at the start of a line, or not at all", ({ expect }) => {
    const line = fc.oneof(fc.string(), fc.constantFrom("A. 1", "(b) no", "C) 3", "- x", "2. y"));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join("\n");
        const { stemEnd, options } = readLines(text);
        if (options < 2) expect(stemEnd).toBe(text.length);
        else expect(stemEnd === 0 || text[stemEnd - 1] === "\n").toBe(true);
      }),
    );
  });
});
