/** What each statistic answers to, by prompts that have one striking trait. */
import { describe, it } from "vitest";
import { readPrompt } from "../../../router-models/features/normalise.ts";
import { promptOfText, type Prompt } from "../../../router-models/features/prompt.ts";
import {
  STATISTICS,
  surfaceStatistics,
  type StatisticName,
} from "../../../router-models/features/statistics.ts";
import { promptOf } from "./arbitrary-prompts.ts";

function statisticsOf(prompt: Prompt): Record<string, number> {
  const values = surfaceStatistics(prompt, readPrompt(prompt));
  return Object.fromEntries(STATISTICS.map((name, s) => [name, values[s]!]));
}

const ln = Math.log1p;

const CASES: readonly {
  what: string;
  prompt: Prompt;
  expected: Partial<Record<StatisticName, number>>;
}[] = [
  {
    what: "nothing",
    prompt: promptOf(),
    expected: { userChars: 0, words: 0, lines: ln(1), wordLength: 0, turns: 0, digitShare: 0 },
  },
  {
    what: "a plain question",
    prompt: promptOfText("What is it, and who asks?"),
    expected: {
      userChars: ln(25),
      words: ln(6),
      lines: ln(1),
      wordLength: 18 / 6,
      distinctWordShare: 1,
      questionMarks: ln(1),
      questionWords: ln(3),
      upperShare: 1 / 25,
      punctuationShare: 1 / 25,
    },
  },
  {
    what: "repeated and long words",
    prompt: promptOfText("buffalo Buffalo BUFFALO photosynthesis"),
    expected: { words: ln(4), distinctWordShare: 0.5, longWordShare: 0.25, wordLength: 35 / 4 },
  },
  {
    what: "numbers",
    prompt: promptOfText("17 * 23 + 100000 = x1"),
    expected: {
      numbers: ln(3),
      longNumbers: ln(1),
      digitShare: 11 / 21,
      operatorShare: 3 / 21,
      longWordShare: 0,
    },
  },
  {
    what: "a question with options",
    prompt: promptOfText(
      "A car of mass m costs 20 % more in 5 years. What is its price now?\n" +
        "A. $450 in total\nB. The price of a car\nC. -3\nD. none at all",
    ),
    expected: {
      stemWords: ln(16),
      stemNumbers: ln(2),
      numbers: ln(4),
      variables: ln(1),
      measures: ln(2),
      endsAsQuestion: 1,
      endsAsSentence: 0,
      numericOptionShare: 2 / 4,
      // in, total, the, price, of, car, none, at, all: four of them are asked with.
      sharedOptionShare: 4 / 9,
      longestWord: ln(5),
    },
  },
  {
    what: "requests to explain and to write",
    prompt: promptOfText("Explain the plan, list its steps, then write an essay."),
    expected: {
      explainWords: ln(2),
      writeWords: ln(2),
      endsAsQuestion: 0,
      endsAsSentence: 1,
      stemWords: ln(10),
      numericOptionShare: 0,
      sharedOptionShare: 0,
    },
  },
  {
    what: "few different characters",
    prompt: promptOfText("aabb"),
    expected: { entropy: Math.log(2), distinctWordShare: 1 },
  },
  {
    what: "options and lists",
    prompt: promptOfText(
      "Choose:\nA. red\nB) blue\n(c) green\n1. one\n(2) two\n- dash\n* star\nend.",
    ),
    expected: { optionLines: ln(3), listLines: ln(4), lines: ln(9) },
  },
  {
    what: "code",
    prompt: promptOfText("```js\nfunction f() {\n  return null;\n\tconst x = [];\n}\n```"),
    expected: {
      codeFences: ln(6),
      codeMarks: ln(4 + 2),
      indentedLines: ln(2),
      bracketShare: 6 / 56,
      lines: ln(6),
    },
  },
  {
    what: "LaTeX",
    prompt: promptOfText("$\\frac{1}{2}$"),
    expected: { latexMarks: ln(3), bracketShare: 4 / 13, digitShare: 2 / 13 },
  },
  {
    what: "Chinese",
    prompt: promptOfText("请解释量子纠缠。"),
    expected: { nonAsciiShare: 1, wideScriptShare: 1, words: ln(1), wordLength: 7 },
  },
  {
    what: "accents",
    prompt: promptOfText("été"),
    expected: { nonAsciiShare: 2 / 3, wideScriptShare: 0, words: ln(1), wordLength: 3 },
  },
  {
    what: "a link",
    prompt: promptOfText("https://a.example/b/c"),
    expected: { urlMarks: ln(4), punctuationShare: 2 / 21 },
  },
  {
    what: "a conversation with all that may come along",
    prompt: {
      ...promptOf(["system", "brief"], ["user", "one"], ["assistant", "two!"], ["user", "six"]),
      imageCount: 2,
      toolCount: 5,
      wantsJson: true,
    },
    expected: {
      turns: ln(4),
      systemChars: ln(5),
      userChars: ln(3),
      priorChars: ln(12),
      imageCount: ln(2),
      toolCount: ln(5),
      wantsJson: 1,
    },
  },
  {
    what: "length beyond what is read",
    prompt: promptOfText("x".repeat(100_000)),
    expected: { userChars: ln(100_000), words: ln(2), lines: ln(2), distinctWordShare: 1 },
  },
];

describe("surfaceStatistics", () => {
  it.for(CASES)("measures $what", ({ prompt, expected }, { expect }) => {
    const actual = statisticsOf(prompt);
    for (const [name, value] of Object.entries(expected))
      expect(actual[name], name).toBeCloseTo(value, 5);
  });

  it("has a case for every statistic", ({ expect }) => {
    const striking = CASES.flatMap(({ expected }) =>
      Object.entries(expected).flatMap(([name, value]) => (value === 0 ? [] : [name])),
    );
    expect(STATISTICS.filter((name) => !striking.includes(name))).toEqual([]);
  });

  it("names every entry once", ({ expect }) => {
    expect(new Set(STATISTICS).size).toBe(STATISTICS.length);
    expect(surfaceStatistics(promptOf(), readPrompt(promptOf()))).toHaveLength(STATISTICS.length);
  });
});
