/**
 * Counting tokens without their vendor: near o200k_base, the same however a text is cut into pieces, and in
 * time and memory that no answer can blow up.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { countPrompt, countTokens, RunningCount } from "../../../worker/pipeline/token-count.ts";

/** Texts and their tokens by o200k_base, counted with gpt-tokenizer 4.0.0. */
const COUNTED: [string, number][] = [
  [
    "The early shift starts at two in the morning, which nobody likes, and still the first deliveries are late on Saturdays.",
    24,
  ],
  ["function median(values: readonly number[]): number {\n  return quantile(values, 0.5);\n}", 21],
  [
    '{"id":"openai/small","price":{"input":1,"output":4},"tags":["tools","vision"],"released":"2026-03"}',
    32,
  ],
  [
    "- **Weights** are content-addressed.\n- They are checked before they serve.\n\n## Next\n\n1. Train\n2. Publish",
    27,
  ],
  ["Die nächste Sitzung findet in der Turnhalle statt, weil das Rathaus gestrichen wird.", 17],
  ["La prochaine réunion aura lieu au gymnase, parce que la mairie sera repeinte.", 18],
  ["次の会議は学校の体育館で開かれます。市役所の塗装工事があるためです。", 29],
  ["下一次会议将在学校体育馆举行,因为市政厅将被粉刷。", 18],
  ["Следующее заседание пройдёт в школьном спортивном зале, потому что ратушу будут красить.", 25],
  ["ستعقد الجلسة القادمة في صالة المدرسة لأن مبنى البلدية سيخضع للطلاء.", 23],
  ["अगली बैठक स्कूल के व्यायामशाला में होगी क्योंकि नगर भवन की पुताई होगी।", 22],
  ["다음 회의는 시청 도색 공사 때문에 학교 체육관에서 열립니다.", 20],
  ["การประชุมครั้งต่อไปจะจัดขึ้นที่โรงยิมของโรงเรียน เพราะศาลากลางจะถูกทาสี", 27],
  ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 43],
];

function countOf(pieces: readonly string[], key = "0"): number {
  const count = new RunningCount();
  for (const piece of pieces) count.add(key, piece);
  return count.tokens;
}

describe("countTokens", () => {
  it.for(COUNTED)("is within a quarter of o200k_base: %s", ([text, tokens], { expect }) => {
    expect(Math.abs(countTokens(text) / tokens - 1)).toBeLessThanOrEqual(0.25);
  });

  it("gives no text for nothing and every longer one for more", ({ expect }) => {
    expect(countTokens("")).toBe(0);
    expect(countTokens("word ".repeat(100_000))).toBe(100_000);
    expect(countTokens("a".repeat(500_000))).toBeGreaterThan(50_000);
  });
});

describe("RunningCount", () => {
  const words = fc.array(fc.stringMatching(/^[a-zA-Zäßé]{1,12}[,.]?\n?$/), {
    minLength: 1,
    maxLength: 60,
  });

  it("counts a text in pieces as it counts the whole", ({ expect }) => {
    const cuts = fc.array(fc.integer({ min: 40, max: 3_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 120 }), cuts, (some, times, steps) => {
        // Many of them are longer than what is held back, so that the count is taken in parts.
        const text = `${some.join(" ")} two words `.repeat(times);
        const pieces: string[] = [];
        for (let at = 0, i = 0; at < text.length; i++) {
          const step = steps[i % steps.length]!;
          pieces.push(text.slice(at, at + step));
          at += step;
        }
        expect(countOf(pieces)).toBe(countTokens(text));
      }),
    );
  });

  it("keeps texts apart that arrive in turns", ({ expect }) => {
    const count = new RunningCount();
    for (const piece of ["extra", "ordi", "nary"])
      for (const key of ["a", "b"]) count.add(key, piece);
    expect(count.tokens).toBe(2 * countTokens("extraordinary"));
  });

  it("counts more texts at once than anybody sends, each within a token", ({ expect }) => {
    const count = new RunningCount();
    for (let i = 0; i < 1_000; i++) count.add(`text ${i}`, "word");
    expect(count.tokens).toBe(1_000);
    expect(
      Math.abs(countOf(["x1".repeat(40_000)]) / countTokens("x1".repeat(40_000)) - 1),
    ).toBeLessThan(1e-3);
  });
});

describe("countPrompt", () => {
  it("counts messages with their frames, calls, tools and pictures", ({ expect }) => {
    const calls = [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }];
    const tools = [{ type: "function", function: { name: "f" } }];
    const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
    const tokens = countPrompt({
      model: "auto",
      messages: [
        { role: "user", content: [{ type: "text", text: "What is this?" }, picture] },
        { role: "assistant", content: null, tool_calls: calls },
      ],
      tools,
    });
    const texts = ["What is this?\n", JSON.stringify(calls), JSON.stringify(tools)];
    expect(tokens).toBe(2 * 4 + 800 + texts.reduce((sum, text) => sum + countTokens(text), 0));
  });
});
