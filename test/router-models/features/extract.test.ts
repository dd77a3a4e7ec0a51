/**
 * What every user of the features leans on: they exist for any prompt, keep to their ranges and stay the
 * same from one version to the next. The golden file pins the last; a change there is a new
 * FEATURE_VERSION and a retrained router, never a new golden file alone.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  estimateInputTokens,
  extractFeatures,
  FEATURE_VERSION,
} from "../../../router-models/features/extract.ts";
import { MAX_GRAMS } from "../../../router-models/features/ngrams.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { STATISTICS } from "../../../router-models/features/statistics.ts";
import golden from "../../golden/features.json" with { type: "json" };
import { prompt, promptOf, units } from "./arbitrary-prompts.ts";

const rows = fc.integer({ min: 0, max: 16 }).map((bits) => 1 << bits);

describe("extractFeatures", () => {
  it("keeps to its ranges, whatever the prompt", ({ expect }) => {
    fc.assert(
      fc.property(prompt, rows, (anything, tableRows) => {
        const { ids, weights, statistics } = extractFeatures(anything, tableRows);
        expect(ids.length).toBeLessThanOrEqual(MAX_GRAMS);
        expect(weights.length).toBe(ids.length);
        expect(ids.every((id) => id >= 0 && id < tableRows)).toBe(true);
        expect(weights.every((weight) => weight > 0 && weight <= 1)).toBe(true);
        if (weights.length > 0) expect(Math.hypot(...weights)).toBeCloseTo(1, 5);
        expect(statistics.length).toBe(STATISTICS.length);
        expect(statistics.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      }),
    );
  });

  it("is a function: calls in between change nothing", ({ expect }) => {
    fc.assert(
      fc.property(prompt, prompt, (one, other) => {
        const before = extractFeatures(one, 4096);
        extractFeatures(other, 4096);
        expect(extractFeatures(one, 4096)).toEqual(before);
      }),
    );
  });

  it("reads a bounded part of a megabyte", ({ expect }) => {
    for (const piece of ["word ", "𝒳", "\ud800", "a", "漢字。", "ﷺ", "\n", "\0"]) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      const { ids, statistics } = extractFeatures(promptOfText(text), 1 << 15);
      expect(ids.length, piece).toBeLessThanOrEqual(MAX_GRAMS);
      expect(statistics.every(Number.isFinite), piece).toBe(true);
    }
  });

  it("says nothing of a prompt that says nothing", ({ expect }) => {
    for (const empty of [promptOf(), promptOf(["user", ""]), promptOf(["user", " \n\t"])])
      expect(extractFeatures(empty, 4096).ids.length).toBe(0);
  });

  it("tells the system's words from the user's", ({ expect }) => {
    const text = "answer every question in the style of a pirate";
    const [asSystem, asUser] = [
      extractFeatures(promptOf(["system", text], ["user", ""]), 1 << 20),
      extractFeatures(promptOf(["user", text]), 1 << 20),
    ];
    expect(asSystem.ids.length).toBe(asUser.ids.length);
    const users = new Set(asUser.ids);
    expect(asSystem.ids.filter((id) => users.has(id)).length).toBeLessThanOrEqual(1);
    const both = extractFeatures(promptOf(["system", text], ["user", text]), 1 << 20);
    expect(new Set(both.ids)).toEqual(new Set([...asSystem.ids, ...asUser.ids]));
  });

  it("folds the same hashes into a smaller table", ({ expect }) => {
    fc.assert(
      fc.property(prompt, (anything) => {
        const [large, small] = [extractFeatures(anything, 1 << 16), extractFeatures(anything, 64)];
        expect(small.ids).toEqual(large.ids.map((id) => id % 64));
        expect(small.weights).toEqual(large.weights);
      }),
    );
  });
});

describe("the golden features", () => {
  it("are those of this version", ({ expect }) => {
    expect(golden.version).toBe(FEATURE_VERSION);
    expect(golden.prompts.length).toBeGreaterThanOrEqual(10);
  });

  it.for(golden.prompts)("of “$name” have not moved", (vector, { expect }) => {
    const conversation = {
      ...vector.prompt,
      turns: vector.prompt.turns.map(({ role, text }) => ({ role: roleOf(role), text })),
    };
    const { ids, weights, statistics } = extractFeatures(conversation, golden.tableRows);
    expect(ids.join(" ")).toBe(vector.ids);
    // Logarithms may differ in the last digit from one engine to the next.
    const least = Math.min(...weights);
    const repeated = Array.from(weights, (w, i) =>
      w === least ? [] : [`${i}:${(w / least).toFixed(4)}`],
    ).flat();
    expect(repeated.join(" ")).toBe(vector.weights);
    const named: Record<string, number> = vector.statistics;
    STATISTICS.forEach((name, s) => expect(statistics[s], name).toBeCloseTo(named[name] ?? 0, 5));
    expect(Object.keys(named).every((name) => STATISTICS.some((known) => known === name))).toBe(
      true,
    );
    expect(estimateInputTokens(conversation)).toBe(vector.inputTokens);
  });
});

describe("estimateInputTokens", () => {
  it.for([
    { what: "nothing", prompt: promptOf(), tokens: 0 },
    { what: "an empty turn", prompt: promptOf(["user", ""]), tokens: 4 },
    { what: "eight letters", prompt: promptOf(["user", "abcdefgh"]), tokens: 6 },
    { what: "a started token", prompt: promptOf(["user", "abcde"]), tokens: 6 },
    { what: "eight Greek letters", prompt: promptOf(["user", "αβγδεζηθ"]), tokens: 8 },
    {
      what: "eight Chinese characters",
      prompt: promptOf(["user", "一二三四五六七八"]),
      tokens: 12,
    },
    { what: "two turns", prompt: promptOf(["system", "abcd"], ["user", "abcd"]), tokens: 10 },
    { what: "a picture", prompt: { ...promptOf(["user", ""]), imageCount: 1 }, tokens: 804 },
    { what: "three tools", prompt: { ...promptOf(["user", ""]), toolCount: 3 }, tokens: 304 },
  ])("counts $tokens tokens for $what", ({ prompt: given, tokens }, { expect }) => {
    expect(estimateInputTokens(given)).toBe(tokens);
  });

  it("never falls when text is added", ({ expect }) => {
    fc.assert(
      fc.property(units, units, (head, tail) => {
        const [short, long] = [promptOfText(head), promptOfText(head + tail)];
        expect(estimateInputTokens(long)).toBeGreaterThanOrEqual(estimateInputTokens(short));
      }),
    );
  });
});

function roleOf(role: string): "system" | "user" | "assistant" | "tool" {
  if (role === "system" || role === "user" || role === "assistant" || role === "tool") return role;
  throw new Error(`The golden file names a role that there is not: ${role}`);
}
