/** An epoch's order visits every row once, by the seed alone, and stays within a few open chunks. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  CHUNK_ROWS,
  epochOrder,
  WHOLE_ROWS,
  WINDOW_CHUNKS,
} from "../../../scripts/training/order.ts";
import { randomFrom, shuffle } from "../../../worker/lib/prng.ts";

const MANY = WHOLE_ROWS + 3 * CHUNK_ROWS + 17;

function orderOf(rows: number, seed: number): number[] {
  return [...epochOrder(rows, randomFrom(seed))];
}

describe("epochOrder", () => {
  it("is one shuffle of all rows while memory holds them", ({ expect }) => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(), (rows, seed) => {
        const numbers = Array.from({ length: rows }, (_, i) => i);
        expect(orderOf(rows, seed)).toEqual(shuffle(numbers, randomFrom(seed)));
      }),
    );
  });

  it("visits each of many rows once, anew for every seed", ({ expect }) => {
    const order = orderOf(MANY, 1);
    expect(order).toHaveLength(MANY);
    expect(order.toSorted((a, b) => a - b).every((row, i) => row === i)).toBe(true);
    expect(orderOf(MANY, 1)).toEqual(order);
    expect(orderOf(MANY, 2)).not.toEqual(order);
  });

  it("opens no more chunks at a time than a store keeps", ({ expect }) => {
    const order = orderOf(MANY, 3);
    const rowsOfWindow = WINDOW_CHUNKS * CHUNK_ROWS;
    const [first, last] = [new Map<number, number>(), new Map<number, number>()];
    order.forEach((row, at) => {
      const chunk = Math.floor(row / CHUNK_ROWS);
      if (!first.has(chunk)) first.set(chunk, at);
      last.set(chunk, at);
    });
    for (const [chunk, at] of first) expect(last.get(chunk)! - at).toBeLessThan(rowsOfWindow);
    const sorted = order.slice(0, rowsOfWindow).toSorted((a, b) => a - b);
    expect(order.slice(0, rowsOfWindow)).not.toEqual(sorted);
  });
});
