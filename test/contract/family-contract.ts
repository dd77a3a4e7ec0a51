/**
 * What everyone who runs the graph of any family must do: answer what the family's formulas say, for any
 * prompt, as scorer-contract.ts demands it of the router that ships.
 */
import { describe, it, onTestFinished } from "vitest";
import { extractFeatures } from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { GraphFeeds, GraphRunner } from "../../router-models/scorer.ts";
import { madeUp, SMALL_FAMILIES, type SmallFamily } from "./small-families.ts";

export interface FamilyHost {
  readonly name: string;
  /** The suite calls `release`, where there is one, after its last `run` has resolved. */
  readonly open: (
    family: SmallFamily,
    model: ReturnType<typeof madeUp>,
  ) => Promise<GraphRunner & { readonly release?: () => Promise<void> }>;
}

/** Of float32 sums of up to 300 terms. */
const LIMIT = 1e-5;
const PROMPTS = [
  "x",
  "Which river is the longest in Europe, and where does it rise?",
  "```ts\nconst x: number = [1, 2, 3].at(-1);\n```\nWhy does this not compile?",
  "请用三句话解释什么是光合作用。",
  Array.from({ length: 4_000 }, (_, i) => `word${i}`).join(" "),
];

function feedsOf(text: string): GraphFeeds {
  const { ids, weights, statistics } = extractFeatures(promptOfText(text), 64);
  return { ids, weights, statistics };
}

export function familyContract({ name, open }: FamilyHost): void {
  describe(`graphs of families, run by ${name}`, () => {
    it.for(SMALL_FAMILIES)("answer what the formulas of $name say", async (family, { expect }) => {
      for (const seed of [1, 2]) {
        const model = madeUp(family, seed);
        const runner = await open(family, model);
        onTestFinished(() => runner.release?.());
        for (const text of PROMPTS) {
          const feeds = feedsOf(text);
          const expected = family.plain(model.parameters, feeds);
          const answer = await runner.run(feeds);
          expect(answer).toHaveLength(expected.length);
          answer.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(LIMIT));
        }
      }
    });
  });
}
