/** What counts as the same answer, what as another, what is left to a judge. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  agreement,
  isRight,
  textOf,
  type Judge,
} from "../../../../worker/cache/trust/agreement.ts";
import { valuesAgree, type Agreement } from "../../../../worker/cache/trust/values-agree.ts";
import PAIRS from "../../../fixtures/cache-adversarial.json";

const CAPITAL = "What is the capital of Portugal?";
const CHOICE = "Which is more popular, tea or coffee?";

type Case = readonly [Agreement, string, string, string];
const CASES: readonly Case[] = [
  ["same", CAPITAL, "Lisbon", "The capital of Portugal is Lisbon."],
  ["same", CAPITAL, "lisbon.", "**Lisbon**"],
  ["different", CAPITAL, "Lisbon", "Madrid"],
  ["different", CAPITAL, "Lisbon", "The capital of Portugal is Madrid."],
  ["unsure", CAPITAL, "It is Lisbon", "It is not Lisbon"],
  ["same", "Who has the largest army?", "USA", "The United States"],
  ["same", "How many legs has a spider?", "8", "A spider has eight legs."],
  ["different", "How many legs has a spider?", "8", "A spider has six legs."],
  ["same", "How many legs have 5 spiders?", "5 spiders have 40 legs", "40"],
  ["unsure", "Name two primes", "2 and 3", "3 and 5"],
  ["same", "How tall is it?", "It is 5 km", "5 km"],
  ["different", "How far is it?", "5 km", "6 km"],
  ["unsure", "How far is it?", "5 miles", "8 km"],
  ["unsure", "How far is it?", "1,000 m", "1 km"],
  ["different", "Is water wet?", "Yes.", "No."],
  ["same", "Is water wet?", "Yes, it is.", "Yes"],
  ["unsure", CHOICE, "Tea is popular", "Coffee is popular"],
  ["unsure", CHOICE, "Between tea and coffee, tea is popular", "Coffee is popular"],
  ["different", "Which is larger?", "A dog is larger than a cat", "A cat is larger than a dog"],
  [
    "unsure",
    "Why is the sky blue?",
    "Because of Rayleigh scattering.",
    "Light is scattered by air.",
  ],
  ["unsure", "Is it safe?", "It is safe", "It is rarely safe"],
  ["unsure", "How?", "```js\nreturn a\n```", "```js\nreturn A\n```"],
  ["unsure", "", "...", "!!!"],
  ["same", "", '{"a":1,"b":"Lisbon"}', '{ "b": "lisbon", "a": 1 }'],
  ["different", "", '{"a":1}', '{"a":2}'],
  ["different", "", '[{"ok":true}, "x"]', '[{"ok":false}, "x"]'],
  ["unsure", "", "[1,2]", "[1]"],
  ["unsure", "", '{"a":1}', '{"b":1}'],
];

const SENTENCE =
  "The river rises in the hills, flows past seven towns and many farms, turns west behind the old " +
  "mill, and reaches the sea near a harbour where boats are built of oak.";

function saying(verdict: Agreement | undefined): Judge {
  return { compare: async () => verdict };
}

describe("two answers", () => {
  it.for(CASES)("are the %s to %j: %j and %j", ([found, question, a, b], { expect }) => {
    expect(agreement({ question, answers: [a, b] })).toBe(found);
    expect(agreement({ question, answers: [b, a] })).toBe(found);
  });

  it.for<[Agreement, string]>([
    ["same", SENTENCE.replace("old ", "")],
    ["different", SENTENCE.replace("seven", "nine")],
    ["different", SENTENCE.replace("reaches", "never reaches")],
    ["unsure", SENTENCE.replace("oak", "steel")],
    ["unsure", SENTENCE.slice(0, 60)],
  ])("are the %s where a long one becomes %j", ([found, changed], { expect }) => {
    expect(agreement({ question: "Describe it", answers: [SENTENCE, changed] })).toBe(found);
  });

  it.for(["number", "negated", "language", "unit", "direction", "code"] as const)(
    "are never the same where texts of the adversarial set differ by %s",
    (kind, { expect }) => {
      for (const [a = "", b = ""] of PAIRS.different[kind])
        expect(agreement({ question: "", answers: [a, b] }), `${a} | ${b}`).not.toBe("same");
    },
  );

  it("are never different where texts of the adversarial set say the same", ({ expect }) => {
    for (const [a = "", b = ""] of PAIRS.same)
      expect(agreement({ question: "", answers: [a, b] }), `${a} | ${b}`).not.toBe("different");
  });

  it("are the same if they are, and agree in either order, whatever they are", ({ expect }) => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.lorem(),
      fc.constantFrom("5 km", "no", "Lisbon"),
    );
    fc.assert(
      fc.property(text, text, text, (question, a, b) => {
        expect(agreement({ question, answers: [a, a] })).toBe("same");
        const found = agreement({ question, answers: [a, b] });
        expect(agreement({ question, answers: [b, a] })).toBe(found);
      }),
    );
  });

  it("are not read where they are too long, nor where JSON is too deep", ({ expect }) => {
    const long = "word ".repeat(2_000);
    expect(agreement({ question: "", answers: [long, `${long} 5`] })).toBe("unsure");
    const deep: unknown = JSON.parse("[".repeat(3_000) + "1" + "]".repeat(3_000));
    const deeper: unknown = JSON.parse("[".repeat(3_000) + "2" + "]".repeat(3_000));
    expect(valuesAgree([deep, deeper], () => "same")).toBe("unsure");
  });
});

describe("whether an answer was right", () => {
  const unsure = { question: "Why?", answers: ["Bacteria", "Germs"] } as const;
  it.for<[boolean | undefined, string, Judge | undefined]>([
    [false, "no judge", undefined],
    [true, "one that finds it the same", saying("same")],
    [false, "one that finds it different", saying("different")],
    [false, "one that is unsure too", saying("unsure")],
    [undefined, "one that cannot be asked", saying(undefined)],
  ])("is %s with %s", async ([right, , judge], { expect }) => {
    expect(await isRight(unsure, judge)).toBe(right);
  });

  it("is asked of no judge where the words tell", async ({ expect }) => {
    const judge: Judge = {
      compare() {
        throw new Error("asked");
      },
    };
    expect(await isRight({ question: "", answers: ["Yes", "yes."] }, judge)).toBe(true);
    expect(await isRight({ question: "", answers: ["Yes", "No"] }, judge)).toBe(false);
  });
});

describe("the text of an answer", () => {
  const choice = { message: { role: "assistant", content: "Hello" } };

  it.for<[string | undefined, string, Record<string, unknown>]>([
    ["Hello", "one choice", { choices: [choice] }],
    [undefined, "two choices", { choices: [choice, choice] }],
    [undefined, "no choice", { choices: [] }],
    [undefined, "a call of a tool", { choices: [{ message: { content: null } }] }],
    [undefined, "an error", { error: { message: "no" } }],
  ])("is %j of a body with %s", ([text, , body], { expect }) => {
    expect(textOf(body)).toBe(text);
  });
});
