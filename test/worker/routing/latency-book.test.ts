/** The isolate's book of latencies: models apart, load counted, bounded. */
import { describe, it } from "vitest";
import { LatencyBook } from "../../../worker/routing/latency-book.ts";

const LATENCY = { ttftMs: 500, outputTokensPerSecond: 100, source: "estimate" };
const MODEL = { id: "openai/small", latency: LATENCY };
const TOKENS = { inputTokens: 500, outputTokens: 100 };
const NOW_MS = 1_760_000_000_000;

describe("LatencyBook", () => {
  it("learns of one model and leaves the others at the catalogue's figures", ({ expect }) => {
    const book = new LatencyBook();
    const other = { ...MODEL, id: "openai/large" };
    for (let k = 0; k < 50; k++) {
      const call = book.begin(MODEL, TOKENS, NOW_MS + k * 60_000);
      book.learn(call, { ttftMs: 100, answer: { totalMs: 300, outputTokens: 100 } });
    }
    const nowMs = NOW_MS + 50 * 60_000;
    expect(book.forecast(MODEL, TOKENS, nowMs).totalMs.p50).toBeLessThan(400);
    expect(book.forecast(other, TOKENS, nowMs).totalMs.p50).toBeCloseTo(1_500);
  });

  it("counts the calls of the last seconds as load, failed ones too", ({ expect }) => {
    const book = new LatencyBook();
    for (let k = 0; k < 5; k++) book.begin(MODEL, TOKENS, NOW_MS);
    expect(book.begin(MODEL, TOKENS, NOW_MS).conditions.recentCalls).toBe(5);
    expect(book.begin(MODEL, TOKENS, NOW_MS + 10_000).conditions.recentCalls).toBeCloseTo(
      6 / Math.E,
    );
    expect(book.begin({ ...MODEL, id: "a/b" }, TOKENS, NOW_MS).conditions.recentCalls).toBe(0);
  });

  it("forgets the models unheard of for longest, not those in use", ({ expect }) => {
    const book = new LatencyBook();
    for (let k = 0; k < 1_000; k++) {
      book.begin({ ...MODEL, id: `many/${k}` }, TOKENS, NOW_MS);
      book.begin(MODEL, TOKENS, NOW_MS);
    }
    expect(book.begin(MODEL, TOKENS, NOW_MS).conditions.recentCalls).toBe(1_000);
    expect(book.begin({ ...MODEL, id: "many/1" }, TOKENS, NOW_MS).conditions.recentCalls).toBe(0);
  });
});
