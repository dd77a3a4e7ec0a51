/** Which form of answer is asked for. */
import { describe, it } from "vitest";
import { formatsDiffer } from "../../../../worker/cache/guards/format.ts";
import { readText } from "../../../../worker/cache/guards/text.ts";

/** Pairs that may not share an answer. */
const APART = [
  ["as JSON", "as YAML"],
  ["write a poem", "write an essay"],
  ["explain it to a child", "explain it to an expert"],
  ["explain briefly", "explain in detail"],
  ["is it wet, yes or no", "is it wet"],
  ["in one sentence", "in one paragraph"],
  ["write me a letter", "write me an email"],
  ["explain it", "explain it step by step"],
] as const;

/** Pairs of which this guard has nothing to say. */
const ALIKE = [
  ["sort a list", "sort the list"],
  ["summarise it", "a summary of it"],
  ["explain briefly", "a brief explanation"],
  ["my story is sad", "my tale is sad"],
] as const;

function objection([a, b]: readonly [string, string]): string | undefined {
  return formatsDiffer(readText(a), readText(b));
}

describe("formats", () => {
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
