/** Which kind of thing is asked for. */
import { describe, it } from "vitest";
import { questionsDiffer } from "../../../../worker/cache/guards/question.ts";
import { readText } from "../../../../worker/cache/guards/text.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["when was he born", "where was he born"],
  ["who built it", "why was it built"],
  ["how many are there", "how old are they"],
  ["how come it fell", "when did it fall"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["when was he born", "what year was he born"],
  ["why is it so", "how come it is so"],
  ["how much water", "how many litres of water"],
  ["what should I do when it rains", "what should I do if it rains"],
  ["how do I learn", "where can I learn"],
  ["how much time is left", "how long is left"],
] as const;

function objection([a, b]: readonly [string, string]): string | undefined {
  return questionsDiffer(readText(a), readText(b));
}

describe("questions", () => {
  it("refuses what differs, whichever comes first", ({ expect }) => {
    for (const [a, b] of APART) {
      expect.soft(objection([a, b]), `${a} | ${b}`).toBeDefined();
      expect.soft(objection([b, a]), `${b} | ${a}`).toBeDefined();
    }
  });

  it("lets pass what is only said otherwise", ({ expect }) => {
    for (const [a, b] of ALIKE) expect.soft(objection([a, b]), `${a} | ${b}`).toBeUndefined();
  });
});
