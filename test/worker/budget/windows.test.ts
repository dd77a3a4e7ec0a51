/** Windows: calendars against dates known by hand and by law, sliding windows by law. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { Calendars, slidingWindow } from "../../../worker/budget/windows.ts";

const ZONES = [
  "UTC",
  "Europe/Lisbon",
  "America/New_York",
  "Asia/Kolkata",
  "Australia/Lord_Howe", // its clocks change by half an hour
  "Pacific/Apia", // went without 30 December 2011
  "America/Sao_Paulo", // its summers began at midnight, so a day had no 00:00
  "Africa/Cairo",
];

function at(text: string): number {
  return Date.parse(text);
}

describe("calendar windows", () => {
  it.for([
    ["day", "UTC", "2026-11-22T10:00Z", "2026-11-22T00:00Z", "2026-11-23T00:00Z"],
    ["day", "America/New_York", "2026-11-22T03:00Z", "2026-11-21T05:00Z", "2026-11-22T05:00Z"],
    ["day", "Europe/Lisbon", "2026-10-25T12:00Z", "2026-10-24T23:00Z", "2026-10-26T00:00Z"],
    ["day", "America/Sao_Paulo", "2018-11-04T12:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"],
    ["day", "Pacific/Apia", "2011-12-30T06:00Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z"],
    ["day", "Pacific/Apia", "2011-12-30T11:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"],
    ["week", "UTC", "2026-11-22T23:59Z", "2026-11-16T00:00Z", "2026-11-23T00:00Z"],
    ["week", "Asia/Kolkata", "2026-11-22T18:30Z", "2026-11-22T18:30Z", "2026-11-29T18:30Z"],
    ["month", "UTC", "2028-02-29T12:00Z", "2028-02-01T00:00Z", "2028-03-01T00:00Z"],
    ["month", "Europe/Lisbon", "2026-04-30T23:30Z", "2026-04-30T23:00Z", "2026-05-31T23:00Z"],
    ["month", "UTC", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z"],
  ] as const)("%s in %s at %s", ([kind, zone, now, from, to], { expect }) => {
    const window = new Calendars().window(kind, zone, at(now));
    expect(window).toMatchObject({ slotMs: at(from), sinceMs: at(from), resetsMs: at(to) });
  });

  it("hold every moment in exactly one of them, in every zone", ({ expect }) => {
    const calendars = new Calendars();
    const kinds = fc.constantFrom("day" as const, "week" as const, "month" as const);
    const moments = fc.integer({ min: at("2011-01-01T00:00Z"), max: at("2030-01-01T00:00Z") });
    fc.assert(
      fc.property(kinds, fc.constantFrom(...ZONES), moments, (kind, zone, nowMs) => {
        const { slotMs, resetsMs, beforeMs } = calendars.window(kind, zone, nowMs);
        expect(slotMs).toBeLessThanOrEqual(nowMs);
        expect(resetsMs).toBeGreaterThan(nowMs);
        const first = new Calendars();
        expect(first.window(kind, zone, slotMs)).toEqual(first.window(kind, zone, resetsMs! - 1));
        expect(first.window(kind, zone, resetsMs!).slotMs).toBe(resetsMs);
        expect(first.window(kind, zone, slotMs - 1)).toMatchObject({
          slotMs: beforeMs,
          resetsMs: slotMs,
        });
      }),
    );
  });
});

describe("sliding windows", () => {
  it("count for at least their length and at most a slot more", ({ expect }) => {
    const now = fc.integer({ min: 1e12, max: 2e12 });
    const length = fc.integer({ min: 1_000, max: 90 * 86_400_000 });
    fc.assert(
      fc.property(now, length, fc.integer({ min: 1, max: 60 }), (nowMs, lengthMs, slots) => {
        const { slotMs, sinceMs, resetsMs } = slidingWindow(nowMs, { lengthMs, slots });
        const slot = resetsMs! - slotMs;
        expect(slotMs).toBeLessThanOrEqual(nowMs);
        expect(resetsMs).toBeGreaterThan(nowMs);
        expect(sinceMs).toBeLessThanOrEqual(nowMs - lengthMs);
        expect(sinceMs).toBeGreaterThan(nowMs - lengthMs - slot);
        expect(slotMs % slot).toBe(0);
        expect(sinceMs % slot).toBe(0);
      }),
    );
  });
});
