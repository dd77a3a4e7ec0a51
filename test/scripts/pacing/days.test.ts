/** Days made of a trace: their rhythm, and how much one day is like another. */
import { describe, it } from "vitest";
import { DAY_MS, dayOf } from "../../../scripts/pacing/days.ts";
import { randomFrom } from "../../../worker/lib/prng.ts";

const MINUTE_MS = 60_000;

/** Half an hour, a call every two seconds, from some moment on. */
const TRACE = Array.from({ length: 900 }, (_, k) => ({ startMs: 5_000 + 2_000 * k, k }));

function hoursOf(seed: number): number[] {
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { atMs } of dayOf(TRACE, randomFrom(seed))) hours[Math.floor((24 * atMs) / DAY_MS)]!++;
  return hours;
}

describe("a day", () => {
  it("is in order of time, and the trace's calls at the trace's moments", ({ expect }) => {
    const day = dayOf(TRACE, randomFrom(1));
    const times = day.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(DAY_MS);
    for (const { call, atMs } of day) expect(atMs % (30 * MINUTE_MS)).toBe(2_000 * call.k);
  });

  it("has little at midnight, most about noon, and some in every hour", ({ expect }) => {
    const hours = hoursOf(1);
    const noon = hours[11]! + hours[12]!;
    expect(hours[0]! + hours[23]!).toBeLessThan(0.3 * noon);
    expect(Math.min(...hours)).toBeGreaterThan(0);
    expect(Math.max(...hours)).toBeLessThanOrEqual(1_800);
  });

  it("is the same for a seed, and busier or quieter for another", ({ expect }) => {
    expect(hoursOf(1)).toEqual(hoursOf(1));
    const all = [1, 2, 3, 4].map((seed) => hoursOf(seed).reduce((sum, count) => sum + count, 0));
    expect(Math.max(...all) / Math.min(...all)).toBeGreaterThan(1.05);
  });

  it("of no calls, or of one moment, has none", ({ expect }) => {
    expect(dayOf([], randomFrom(1))).toEqual([]);
    expect(dayOf([{ startMs: 3 }], randomFrom(1))).toEqual([]);
  });
});
