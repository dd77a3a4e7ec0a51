/** Micro-dollars: whole, never too few, and written so that no digit is lost. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { costMicroUsd, formatUsd } from "../../../worker/domain/money.ts";

describe("costMicroUsd", () => {
  it.for([
    [0, 5, 0],
    [1, 0, 0],
    [1, 0.05, 1],
    [3, 2.5, 8],
    [1000, 0.15, 150],
    [100, 0.07, 7], // 7.000000000000001 in floating point
    [3, 0.1, 1],
    [2_000_000, 600, 1_200_000_000],
  ] as const)("bills %d tokens at $%f per million as %d", ([tokens, price, cost], { expect }) => {
    expect(costMicroUsd(tokens, price)).toBe(cost);
  });

  it("is whole, never below the exact cost and less than one above it", ({ expect }) => {
    const tokens = fc.nat(10_000_000);
    const tenthsOfMilli = fc.nat(6_000_000); // Prices with four decimals, up to $600.
    fc.assert(
      fc.property(tokens, tenthsOfMilli, (count, price) => {
        const exact = BigInt(count) * BigInt(price);
        const cost = costMicroUsd(count, price / 10_000);
        expect(Number.isSafeInteger(cost)).toBe(true);
        const scaled = BigInt(cost) * 10_000n;
        expect(scaled >= exact).toBe(true);
        expect(scaled - exact < 10_000n).toBe(true);
      }),
    );
  });
});

describe("formatUsd", () => {
  it.for([
    [0, "0.000000"],
    [1, "0.000001"],
    [123, "0.000123"],
    [1_500_000, "1.500000"],
    [1_234_567_890, "1234.567890"],
  ] as const)("writes %d µ$ as %s", ([microUsd, text], { expect }) => {
    expect(formatUsd(microUsd)).toBe(text);
  });

  it("can be read back to the same number", ({ expect }) => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (microUsd) => {
        expect(Math.round(Number(formatUsd(microUsd)) * 1e6)).toBe(microUsd);
      }),
    );
  });
});
