/**
 * All guards together: over made-up pairs of every kind that must be refused, over rephrasings that should pass, and
 * the laws that hold for any two texts.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { guard, MAX_LENGTH } from "../../../../worker/cache/guards/guard.ts";
import PAIRS from "../../../fixtures/cache-adversarial.json";

const DIFFERENT = Object.entries(PAIRS.different).flatMap(([kind, pairs]) =>
  pairs.map(([a = "", b = ""]) => ({ kind, a, b })),
);
const SAME = PAIRS.same.map(([a = "", b = ""]) => ({ a, b }));
const PROMPTS = [...DIFFERENT, ...SAME].flatMap(({ a, b }) => [a, b]);

const prompt = fc.oneof(
  fc.constantFrom(...PROMPTS),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        "not",
        "5",
        "-",
        "km",
        "to",
        "France",
        '"',
        "`",
        "```",
        "'",
        "one",
        "a",
        ".",
        "II",
        "in",
        "\n",
      ),
    )
    .map((words) => words.join(" ")),
);

/** Rewordings that no answer depends on. */
const TRIVIAL: readonly ((text: string) => string)[] = [
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase(),
  (text) => `  ${text.replaceAll(" ", "  ")} \n`,
  (text) => text.replace(/[?.!]$/, ""),
  (text) => `Please, ${text}`,
  (text) => `${text} Thanks!`,
  (text) =>
    text.replaceAll("n't", " not").replaceAll("ca not", "can not").replaceAll("wo not", "will not"),
  (text) => text.replaceAll("What's", "What is").replaceAll("'", "’"),
];

describe("guard", () => {
  it("refuses every made-up pair whose answers differ", ({ expect }) => {
    const served = DIFFERENT.filter(
      ({ a, b }) => guard(a, b) === undefined || guard(b, a) === undefined,
    );
    expect(served).toEqual([]);
    expect(DIFFERENT.length).toBe(338);
  });

  it("lets most rephrasings pass", ({ expect }) => {
    const allowed = SAME.filter(({ a, b }) => guard(a, b) === undefined);
    const allowedBack = SAME.filter(({ a, b }) => guard(b, a) === undefined);
    expect(allowedBack).toEqual(allowed);
    expect(SAME.length).toBe(159);
    expect(allowed.length).toBeGreaterThanOrEqual(142);
  });

  it("gives its reason with the evidence", ({ expect }) => {
    expect(guard("List three causes", "List 5 causes")).toEqual({
      guard: "numbers",
      evidence: "3 | 5",
    });
    expect(guard("capital of france", "capital of peru")?.guard).toBe("entities");
  });

  it("refuses what is too long to read, unless it is the same", ({ expect }) => {
    const long = "word ".repeat(MAX_LENGTH);
    expect(guard(long, `${long}.`)?.guard).toBe("length");
    expect(guard(long, long)).toBeUndefined();
  });

  it("does not go by who came first, and keeps its evidence short", ({ expect }) => {
    fc.assert(
      fc.property(prompt, prompt, (a, b) => {
        const [there, back] = [guard(a, b), guard(b, a)];
        expect(there === undefined).toBe(back === undefined);
        expect(there?.evidence.length ?? 0).toBeLessThanOrEqual(84);
      }),
    );
  });

  it("lets a prompt have its own answer, also when it is read and not only compared", ({
    expect,
  }) => {
    fc.assert(
      fc.property(prompt, (text) => {
        expect(guard(text, text)).toBeUndefined();
        expect(guard(text, `${text} `)).toBeUndefined();
      }),
    );
  });

  it("lets trivial rewordings pass", ({ expect }) => {
    const codeless = PROMPTS.filter((text) => !text.includes("`"));
    for (const text of codeless)
      for (const [at, reword] of TRIVIAL.entries())
        expect.soft(guard(text, reword(text)), `${at}: ${text}`).toBeUndefined();
  });

  it("reads the longest texts of any sort", ({ expect }) => {
    const sorts = [
      "a",
      "1",
      "a_",
      "a.",
      '"',
      "'",
      "`",
      "one ",
      "1,",
      "-",
      "/a",
      "\u0301",
      "法",
      "not ",
      "1 111 ",
    ];
    for (const sort of sorts) {
      const text = sort.repeat(MAX_LENGTH / sort.length);
      expect(guard(text.slice(0, -2), `${text.slice(0, -2)} `)).toBeUndefined();
      expect(() => guard(text, `${text.slice(1)}!`)).not.toThrow();
    }
  });
});
