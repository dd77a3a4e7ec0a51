/** Limits on answers by what is left: when there is one, and that it never costs more than that. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { costAtMost } from "../../../worker/pipeline/hold.ts";
import { withinMoney } from "../../../worker/pipeline/output-limit.ts";
import { MODELS } from "../fixture/models.ts";

const SMALL = MODELS.find(({ id }) => id === "openai/small")!; // 1 and 4 micro-dollars a token, 8,000 at most
const REQUEST = { model: "auto", messages: [{ role: "user" as const, content: "Hi" }] };
const INPUT = 100;

function limitOf(leftMicroUsd: number, more: Record<string, unknown> = {}): unknown {
  const money = { leftMicroUsd, inputTokens: INPUT, model: SMALL };
  const { max_completion_tokens: limit } = withinMoney({ ...REQUEST, ...more }, money);
  return limit;
}

describe("withinMoney", () => {
  it("says nothing where the longest answer can be paid", ({ expect }) => {
    expect(limitOf(Infinity)).toBeUndefined();
    expect(limitOf(INPUT + 4 * 8_000)).toBeUndefined();
    expect(limitOf(INPUT + 4 * 50, { max_tokens: 50 })).toBeUndefined();
  });

  it("says what is left where it cannot", ({ expect }) => {
    expect(limitOf(INPUT + 4 * 7_999)).toBe(7_999);
    expect(limitOf(INPUT + 4 * 100)).toBe(100);
    expect(limitOf(INPUT + 4 * 100, { max_tokens: 101 })).toBe(100);
    expect(limitOf(INPUT + 4 * 100, { max_completion_tokens: 101 })).toBe(100);
    expect(limitOf(INPUT + 4 * 100, { n: 2 })).toBe(50);
  });

  it("leaves alone what vendors would refuse", ({ expect }) => {
    expect(limitOf(INPUT + 4 * 15)).toBeUndefined();
    expect(limitOf(0)).toBeUndefined();
    const thinking = { type: "enabled", budget_tokens: 1_024 };
    expect(limitOf(INPUT + 4 * 1_024, { thinking })).toBeUndefined();
    expect(limitOf(INPUT + 4 * 1_025, { thinking })).toBe(1_025);
  });

  it("never lets an answer cost more than is left", ({ expect }) => {
    const model = fc.constantFrom(...MODELS);
    fc.assert(
      fc.property(model, fc.nat(1_000_000), fc.nat(2_000), (one, leftMicroUsd, inputTokens) => {
        const limited = withinMoney(REQUEST, { leftMicroUsd, inputTokens, model: one });
        const { max_completion_tokens: limit } = limited;
        if (typeof limit !== "number") return;
        expect(costAtMost(inputTokens, limit, one)).toBeLessThanOrEqual(leftMicroUsd);
      }),
    );
  });
});
