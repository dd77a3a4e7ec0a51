/** The parts of labelling that need no vendor: order under concurrency, what a killed run left, money. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { OverBudget, Purse } from "../../../scripts/judging/judge.ts";
import { finishedRows, inOrder, labelRow } from "../../../scripts/judging/label-rows.ts";

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe("inOrder", () => {
  it("keeps the order and the limit, whoever is done first", async ({ expect }) => {
    const delays = fc.array(fc.nat({ max: 5 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 1, max: 4 }), async (turns, limit) => {
        let [open, most] = [0, 0];
        const results: number[] = [];
        async function work(index: number): Promise<number> {
          most = Math.max(most, ++open);
          for (let turn = 0; turn < turns[index]!; turn++) await Promise.resolve();
          open--;
          return index;
        }
        for await (const index of inOrder(from([...turns.keys()]), limit, work))
          results.push(index);
        expect(results).toEqual([...turns.keys()]);
        expect(most).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it("gives what came before a failure, then fails, and begins no more", async ({ expect }) => {
    const begun: number[] = [];
    const seen: number[] = [];
    async function work(n: number): Promise<number> {
      begun.push(n);
      if (n === 2) throw new Error("broken");
      return n;
    }
    async function run(): Promise<void> {
      for await (const n of inOrder(from([0, 1, 2, 3, 4, 5, 6]), 2, work)) seen.push(n);
    }
    await expect(run()).rejects.toThrow("broken");
    expect(seen).toEqual([0, 1]);
    expect(begun).toEqual([0, 1, 2, 3]);
  });
});

describe("finishedRows", () => {
  it("takes whole lines only", ({ expect }) => {
    const whole = '{"id":"a"}\n{"id":"é"}\n';
    expect(finishedRows(`${whole}{"id":"c`)).toEqual({
      ids: new Set(["a", "é"]),
      bytes: Buffer.byteLength(whole),
    });
    expect(finishedRows('{"id":"a"}').ids.size).toBe(0);
    expect(() => finishedRows("text\n")).toThrow();
  });
});

describe("labelRow", () => {
  it("keeps the grades that there are", async ({ expect }) => {
    const grades = [3, undefined];
    const row = { id: "a", prompt: "p", answers: { x: "1", y: "2" }, category: "c" };
    expect(await labelRow(row, "judge", async () => grades.shift())).toEqual({
      id: "a",
      prompt: "p",
      category: "c",
      scores: { x: 0.5 },
      judge: "judge",
      grades: { x: 3 },
    });
    expect(await labelRow(row, "judge", async () => undefined)).toBeUndefined();
  });
});

describe("Purse", () => {
  it("never lets held and spent money exceed the most", ({ expect }) => {
    const calls = fc.array(fc.record({ most: fc.double({ min: 0, max: 1, noNaN: true }) }));
    fc.assert(
      fc.property(calls, (list) => {
        const purse = new Purse(2);
        let held = 0;
        for (const { most } of list) {
          try {
            purse.hold(most);
            held += most;
          } catch (error) {
            expect(error).toBeInstanceOf(OverBudget);
            expect(held + most).toBeGreaterThan(2);
          }
          expect(held).toBeLessThanOrEqual(2);
        }
        purse.settle(held, held / 2);
        expect(purse.spentUsd).toBe(held / 2);
      }),
    );
  });
});
