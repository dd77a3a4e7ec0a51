/** Which prompts are the same but for what they are about. */
import { describe, it } from "vitest";
import { subjectsDiffer } from "../../../../worker/cache/guards/substitution.ts";
import { readText } from "../../../../worker/cache/guards/text.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["how to cook rice", "how to cook pasta"],
  ["who is brad pitt", "who is tom cruise"],
  ["how do plants make sugar", "how do bees make honey"],
  ["red wine stains", "coffee stains"],
  ["法国的首都", "德国的首都"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["how do I fix a tap", "how can I repair a tap"],
  ["learn guitar", "learn guitar quickly as an adult"],
  ["explain recursion", "what is recursion?"],
  ["give 3 ideas", "give three ideas"],
  ["stopping trains", "the train stops"],
] as const;

function objection([a, b]: readonly [string, string]): string | undefined {
  return subjectsDiffer(readText(a), readText(b));
}

describe("substitution", () => {
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
