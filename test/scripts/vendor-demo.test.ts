/**
 * The demo's own parts: its prompts are many and varied enough to be worth showing, a prompts file is read or refused by
 * line, and the summary adds up.
 */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { median, medianInterval, quantile } from "../../scripts/report/quantiles.ts";
import { readPrompts, type DemoOutcome } from "../../scripts/simulation/demo-client.ts";
import { summarise, summaryText, tableOf } from "../../scripts/simulation/demo-report.ts";
import { isRefusal, readVendorRequest } from "../../scripts/simulation/vendor-request.ts";

const FILE = new URL("../../scripts/simulation/demo-prompts.jsonl", import.meta.url);

describe("the demo's prompts", () => {
  const prompts = readPrompts(readFileSync(FILE, "utf8"));

  it("are at least 48, of at least 15 kinds, and a third of them streamed", ({ expect }) => {
    expect(prompts.length).toBeGreaterThanOrEqual(48);
    expect(new Set(prompts.map((p) => p.kind)).size).toBeGreaterThanOrEqual(15);
    const streamed = prompts.filter((p) => p.body["stream"] === true);
    expect(streamed.length).toBeGreaterThanOrEqual(prompts.length / 3);
  });
  it("are requests that a vendor accepts", ({ expect }) => {
    for (const { body, kind } of prompts)
      expect(isRefusal(readVendorRequest({ ...body, model: "any" })), kind).toBe(false);
  });
  it("are refused by line where one is wrong", ({ expect }) => {
    expect(() => readPrompts('{"prompt":"a"}\n\n{"kind":"b"}\n')).toThrow(/Line 3.*messages/s);
    expect(() => readPrompts("{")).toThrow(/Line 1/);
  });
});

function outcome(model: string, costUsd: number, savedUsd: number): DemoOutcome {
  const base = { kind: "facts", isStream: false, status: 200, reason: "best_utility", score: 0.5 };
  return { ...base, model, costUsd, savedUsd, elapsedMs: 12 };
}

describe("the summary", () => {
  it("adds up shares, cost and saving over what was answered", ({ expect }) => {
    const failed = { ...outcome("", Number.NaN, Number.NaN), status: 502, error: "{}" };
    const outcomes = [outcome("a/x", 1, 3), outcome("a/x", 1, 3), outcome("b/y", 2, -2), failed];
    const summary = summarise(outcomes, [1, 2, 3]);
    expect(summary).toMatchObject({
      answered: 3,
      failed: 1,
      costUsd: 4,
      savedUsd: 4,
      savedShare: 0.5,
    });
    expect(Object.entries(summary.shares)).toEqual([
      ["a/x", 2 / 3],
      ["b/y", 1 / 3],
    ]);
    expect(summary.decisionP50Ms).toBe(2);
    expect(summaryText(summary)).toContain("(50.0 %)");
    expect(tableOf(outcomes).split("\n")).toHaveLength(5);
  });
});

describe("quantiles", () => {
  it("lie within the values and in order", ({ expect }) => {
    const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        expect(quantile(list, q)).toBeGreaterThanOrEqual(Math.min(...list));
        expect(quantile(list, q)).toBeLessThanOrEqual(Math.max(...list));
        expect(quantile(list, q / 2)).toBeLessThanOrEqual(quantile(list, q));
      }),
    );
    expect(median([3, 1, 2])).toBe(2);
    expect(median([1, 2])).toBe(1.5);
    expect(median([])).toBeNaN();
  });
  it("come with an interval around the median", ({ expect }) => {
    let state = 1;
    const values = Array.from({ length: 101 }, (_, i) => i);
    const [low, high] = medianInterval(
      values,
      () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647,
    );
    expect(low).toBeGreaterThan(30);
    expect(low).toBeLessThan(50);
    expect(high).toBeGreaterThan(50);
    expect(high).toBeLessThan(70);
  });
});
