/**
 * How long a stream may go on: whatever comes, it is let on only while what it costs is held, and what is beyond
 * is what its last read brought.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import type { Cover } from "../../../worker/domain/purse.ts";
import { Allowance } from "../../../worker/pipeline/allowance.ts";

const ERROR = new RouterError("insufficient_quota", "no", { code: "insufficient_quota" });
const PROMPT = 5;

/** A prompt of 5 micro-dollars, and so many for each token; counts a tenth more of them. */
function costAt(perToken: number): (outputTokens: number) => number {
  return (outputTokens) => PROMPT + outputTokens * perToken;
}

function marginOf(tokens: number): number {
  return Math.ceil(tokens * 1.1);
}

/** One budget that gives up to `limitMicroUsd`, which a test may change. */
function budget(limitMicroUsd: number, heldMicroUsd: number) {
  const state = { limitMicroUsd, heldMicroUsd, asked: [] as number[] };
  async function raise(microUsd: number): Promise<Cover> {
    state.asked.push(microUsd);
    if (microUsd > state.limitMicroUsd)
      return { isCovered: false, leftMicroUsd: state.limitMicroUsd, error: ERROR };
    state.heldMicroUsd = Math.max(state.heldMicroUsd, microUsd);
    return { isCovered: true };
  }
  return { state, raise };
}

const LENGTHS = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 30 });
const MONEY = fc.integer({ min: 1, max: 3_000 });

describe("an allowance", () => {
  it("lets a stream on only while it is held, and ends it only when there is no more", async ({
    expect,
  }) => {
    await fc.assert(
      fc.asyncProperty(
        LENGTHS,
        fc.array(MONEY, { minLength: 30, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (lengths, limits, perToken) => {
          const heldMicroUsd = limits[0]!;
          const { state, raise } = budget(heldMicroUsd, heldMicroUsd);
          const costOf = costAt(perToken);
          const allowance = new Allowance({ heldMicroUsd, costOf, raise });
          let tokens = 0;
          for (const [at, length] of lengths.entries()) {
            // Others hold more or give back: what is held already stays.
            state.limitMicroUsd = Math.max(limits[at]!, state.heldMicroUsd);
            const before = costOf(marginOf(tokens));
            const heldBefore = state.heldMicroUsd;
            tokens += length;
            const cost = costOf(marginOf(tokens));
            if (await allowance.allows(tokens)) {
              expect(cost).toBeLessThanOrEqual(state.heldMicroUsd);
              continue;
            }
            expect(cost).toBeGreaterThan(state.limitMicroUsd);
            if (at > 0) expect(cost - heldBefore).toBeLessThanOrEqual(cost - before);
            break;
          }
          expect(state.asked.length).toBeLessThanOrEqual(lengths.length * 4);
        },
      ),
    );
  });

  it("asks for more from three quarters on, once, and waits for nobody", ({ expect }) => {
    const asked: number[] = [];
    const allowance = new Allowance({
      heldMicroUsd: 100,
      costOf: (tokens) => tokens,
      raise(microUsd) {
        asked.push(microUsd);
        return new Promise(() => {});
      },
    });
    expect(allowance.allows(68)).toBe(true); // 75 with the margin
    expect(asked).toEqual([]);
    expect(allowance.allows(70)).toBe(true); // 77
    expect(asked).toEqual([150]);
    expect(allowance.allows(90)).toBe(true); // 99
    expect(asked).toEqual([150]);
  });

  it("waits only when it has outgrown what is held", async ({ expect }) => {
    const answer = Promise.withResolvers<Cover>();
    const allowance = new Allowance({
      heldMicroUsd: 100,
      costOf: (tokens) => tokens,
      raise: () => answer.promise,
    });
    expect(allowance.allows(80)).toBe(true);
    const waiting = allowance.allows(120);
    expect(waiting).toBeInstanceOf(Promise);
    answer.resolve({ isCovered: true });
    expect(await waiting).toBe(true); // 132 of 150
  });

  it("asks again where what was under way has become too little", async ({ expect }) => {
    const { state, raise } = budget(10_000, 100);
    const allowance = new Allowance({ heldMicroUsd: 100, costOf: (tokens) => tokens, raise });
    expect(allowance.allows(80)).toBe(true);
    expect(await allowance.allows(1_000)).toBe(true);
    expect(state.asked).toEqual([150, 1_650]);
  });

  it("takes the last of the money, of the budget that has least", async ({ expect }) => {
    const asked: number[] = [];
    const allowance = new Allowance({
      heldMicroUsd: 100,
      costOf: (tokens) => tokens,
      async raise(microUsd) {
        asked.push(microUsd);
        const leftMicroUsd = [140, 120].find((left) => left < microUsd);
        if (leftMicroUsd === undefined) return { isCovered: true };
        return { isCovered: false, leftMicroUsd, error: ERROR };
      },
    });
    expect(await allowance.allows(100)).toBe(true); // 111, with a hair of the product
    expect(asked).toEqual([167, 140, 120]);
    expect(await allowance.allows(110)).toBe(false);
  });

  it("asks once more before it ends, since others may have given back", async ({ expect }) => {
    const { state, raise } = budget(100, 100);
    const allowance = new Allowance({ heldMicroUsd: 100, costOf: (tokens) => tokens, raise });
    expect(allowance.allows(80)).toBe(true);
    await Promise.resolve();
    state.limitMicroUsd = 1_000;
    expect(await allowance.allows(100)).toBe(true);
  });

  it("ends with what it has where the ledger cannot be asked, and asks no more", async ({
    expect,
  }) => {
    let calls = 0;
    const allowance = new Allowance({
      heldMicroUsd: 100,
      costOf: (tokens) => tokens,
      async raise() {
        calls += 1;
        throw new Error("down");
      },
    });
    expect(allowance.allows(80)).toBe(true);
    expect(allowance.allows(90)).toBe(true);
    expect(await allowance.allows(100)).toBe(false);
    expect(calls).toBe(1);
  });
});
