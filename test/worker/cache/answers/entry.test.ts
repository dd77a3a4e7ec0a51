/** When an entry is still to be given, and what is none. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  entryIn,
  isGood,
  MAX_ENTRY_LENGTH,
  textOf,
  type Entry,
} from "../../../../worker/cache/answers/entry.ts";

const ENTRY: Entry = {
  version: 1,
  answer: {
    content: { kind: "stream", chunks: ["{}", "[DONE]"] },
    origin: { model: "a/b", score: 0.5, weights: "1@x", reason: "pinned", inputTokens: 3 },
    costMicroUsd: 5,
    referenceMicroUsd: 9,
  },
  said: null,
  tags: ["docs", "v2"],
  purges: 4,
  storedMs: 1_000,
  expiresMs: 61_000,
};
const ASKED = { nowMs: 2_000, maxAgeMs: 86_400_000, purged: new Map<string, number>() };

describe("an entry", () => {
  it("reads as what was written", ({ expect }) => {
    expect(entryIn(textOf(ENTRY)!)).toEqual(ENTRY);
  });

  it("is not written where it is too long", ({ expect }) => {
    const chunks = ["x".repeat(MAX_ENTRY_LENGTH)];
    const answer = { ...ENTRY.answer, content: { kind: "stream" as const, chunks } };
    expect(textOf({ ...ENTRY, answer })).toBeUndefined();
  });

  it.for([
    "",
    "null",
    "{}",
    JSON.stringify({ ...ENTRY, version: 2 }),
    JSON.stringify({ ...ENTRY, more: 1 }),
    JSON.stringify({ ...ENTRY, answer: { ...ENTRY.answer, costMicroUsd: -1 } }),
  ])("is none: %s", (text, { expect }) => {
    expect(entryIn(text)).toBeUndefined();
  });

  it("is good until it expires, and for who takes one of its age", ({ expect }) => {
    expect(isGood(ENTRY, { ...ASKED, nowMs: 60_999 })).toBe(true);
    expect(isGood(ENTRY, { ...ASKED, nowMs: 61_000 })).toBe(false);
    expect(isGood(ENTRY, { ...ASKED, maxAgeMs: 1_000 })).toBe(true);
    expect(isGood(ENTRY, { ...ASKED, maxAgeMs: 999 })).toBe(false);
  });

  it("has ended with a purge of any of its tags after it was asked for", ({ expect }) => {
    const counts = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined });
    fc.assert(
      fc.property(counts, counts, counts, (docs, v2, other) => {
        const all: [string, number | undefined][] = [
          ["docs", docs],
          ["v2", v2],
          ["other", other],
        ];
        const purged = new Map(
          all.flatMap(([tag, at]): [string, number][] => (at === undefined ? [] : [[tag, at]])),
        );
        const hasEnded = [docs, v2].some((at) => at !== undefined && at > ENTRY.purges);
        expect(isGood(ENTRY, { ...ASKED, purged })).toBe(!hasEnded);
      }),
    );
  });
});
