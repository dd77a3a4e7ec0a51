/** The list of open circuits: what it takes in, what it forgets, and what it does not believe. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_OPENING_MS } from "../../../worker/routing/health.ts";
import { merge, noticesOf, readNotices, type Notice } from "../../../worker/vitals/notices.ts";

const NOW_MS = 1_000_000;

function opened(circuit: string, openUntilMs: number): Notice {
  return { kind: "circuit", circuit, openUntilMs };
}

describe("merge", () => {
  it("keeps of two openings the longer one, and ends both with a closing", ({ expect }) => {
    const both = merge(new Map(), [opened("a", NOW_MS + 9), opened("a", NOW_MS + 5)], NOW_MS);
    expect([...both]).toEqual([["a", NOW_MS + 9]]);
    expect(merge(both, [opened("a", 0)], NOW_MS).size).toBe(0);
  });

  it("forgets what is over", ({ expect }) => {
    const open = merge(new Map(), [opened("a", NOW_MS + 9)], NOW_MS);
    expect(merge(open, [], NOW_MS + 9).size).toBe(0);
  });

  it("stays within its bounds whatever is told", ({ expect }) => {
    const notice = fc.record({
      kind: fc.constant("circuit" as const),
      circuit: fc.string({ minLength: 1 }),
      openUntilMs: fc.double({ min: 0, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(notice), (notices) => {
        for (const untilMs of merge(new Map(), notices, NOW_MS).values()) {
          expect(untilMs).toBeGreaterThan(NOW_MS);
          expect(untilMs).toBeLessThanOrEqual(NOW_MS + MAX_OPENING_MS);
        }
      }),
    );
    const many = Array.from({ length: 5_000 }, (_, i) => opened(`c${i}`, NOW_MS + 1));
    expect(merge(new Map(), many, NOW_MS).size).toBe(2_000);
  });
});

describe("readNotices", () => {
  it("passes over what it does not know", ({ expect }) => {
    const known = opened("openai", 5);
    const strange = [{ kind: "latency", model: "a/b" }, null, 7, { ...known, openUntilMs: -1 }];
    expect(readNotices([...strange, known])).toEqual([known]);
    for (const message of [undefined, "x", { 0: known }]) expect(readNotices(message)).toEqual([]);
  });

  it("reads what noticesOf writes", ({ expect }) => {
    const open = new Map([["openai", 5]]);
    expect(readNotices(noticesOf(open))).toEqual([opened("openai", 5)]);
  });
});
