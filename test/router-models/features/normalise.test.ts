/** Which part of a conversation is read, and what its canonical form makes equal. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { extractFeatures } from "../../../router-models/features/extract.ts";
import { normalise, readPrompt } from "../../../router-models/features/normalise.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { prompt, promptOf, units } from "./arbitrary-prompts.ts";

function bagOf(text: string) {
  const { ids, weights } = extractFeatures(promptOfText(text), 4096);
  return { ids, weights };
}

describe("readPrompt", () => {
  it.for([
    { what: "no turn", turns: promptOf(), system: "", user: "" },
    { what: "the only turn", turns: promptOf(["user", "a"]), system: "", user: "a" },
    {
      what: "the last user turn",
      turns: promptOf(["user", "a"], ["assistant", "b"], ["user", "c"], ["tool", "d"]),
      system: "",
      user: "c",
    },
    {
      what: "the first system turn",
      turns: promptOf(["system", "s"], ["user", "a"], ["system", "t"]),
      system: "s",
      user: "a",
    },
    {
      what: "the last turn where no user speaks",
      turns: promptOf(["system", "s"], ["assistant", "b"]),
      system: "s",
      user: "b",
    },
    { what: "system text once", turns: promptOf(["system", "s"]), system: "s", user: "" },
  ])("reads $what", ({ turns, system, user }, { expect }) => {
    expect(readPrompt(turns)).toEqual({ system, user });
  });

  it("keeps the ends of a long turn and the head of a long system text", ({ expect }) => {
    const long = Array.from({ length: 4000 }, (_, i) => String(i)).join(" ");
    const { system, user } = readPrompt(promptOf(["system", long], ["user", long]));
    expect(system).toBe(long.slice(0, 256));
    expect(user).toBe(`${long.slice(0, 1024)}\n${long.slice(-512)}`);
    const whole = long.slice(0, 1024 + 512);
    expect(readPrompt(promptOfText(whole)).user).toBe(whole);
  });

  it("never reads more than its bound", ({ expect }) => {
    fc.assert(
      fc.property(prompt, (anything) => {
        const { system, user } = readPrompt(anything);
        expect(system.length + user.length).toBeLessThanOrEqual(256 + 1024 + 1 + 512);
      }),
    );
  });
});

describe("normalise", () => {
  it("is done after one time, for every character that there is", ({ expect }) => {
    const unstable: string[] = [];
    for (let code = 0; code < 0x110000; code++) {
      const once = normalise(String.fromCodePoint(code));
      if (normalise(once) !== once) unstable.push(code.toString(16));
    }
    expect(unstable).toEqual([]);
  });

  it("makes the four Unicode forms of a text one bag", ({ expect }) => {
    const short = fc.oneof(fc.string({ unit: "grapheme", maxLength: 60 }), units);
    fc.assert(
      fc.property(short, (text) => {
        for (const form of ["NFC", "NFD", "NFKC", "NFKD"])
          expect(bagOf(text.normalize(form))).toEqual(bagOf(text));
      }),
    );
  });

  it("makes upper and lower case one bag", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 300 }), (text) => {
        expect(bagOf(text.toUpperCase())).toEqual(bagOf(text));
      }),
    );
    expect(bagOf("ÄRGER ÜBER ÉTUDES")).toEqual(bagOf("ärger über études"));
  });

  it("keeps words that differ apart", ({ expect }) => {
    expect(bagOf("resume")).not.toEqual(bagOf("résumé"));
    expect(bagOf("year 1999")).not.toEqual(bagOf("year 2000"));
  });
});
