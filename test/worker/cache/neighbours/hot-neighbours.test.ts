/** What an isolate's memory answers by itself, and what it leaves to the objects. */
import { describe, it } from "vitest";
import {
  CLOSE,
  MAX_PROMPTS,
  withMemory,
} from "../../../../worker/cache/neighbours/hot-neighbours.ts";
import type { NeighbourEntry, Neighbours } from "../../../../worker/domain/neighbours.ts";

const FRAME = "f".repeat(64);

/** The n-th of vectors that point into directions of their own, in the plane of the first two numbers. */
function vectorAt(angle: number): Int8Array {
  const vector = new Int8Array(16);
  vector[0] = Math.round(127 * Math.cos(angle));
  vector[1] = Math.round(127 * Math.sin(angle));
  return vector;
}

function entry(n: number, more: Partial<NeighbourEntry> = {}): NeighbourEntry {
  const id = n.toString(16).padStart(64, "0");
  return { id, frame: FRAME, vector: vectorAt(0), text: `${n}`, epoch: n, expiresMs: 100, ...more };
}

function query(angle: number, more: object = {}) {
  return { vector: vectorAt(angle), frame: FRAME, nowMs: 0, count: 4, atLeast: 0.5, ...more };
}

/** Objects that know one prompt of their own, and count how often they are asked. */
function setup(outcome: "kept" | "refused" | "unknown" = "kept") {
  const asked: string[] = [];
  const known = { id: "e".repeat(64), similarity: 0.6, text: "far", epoch: 0 };
  const far: Neighbours = {
    nearest: async () => (asked.push("nearest"), [known]),
    insert: async () => (asked.push("insert"), outcome),
    remove: async () => (asked.push("remove"), "removed"),
    erase: async () => (asked.push("erase"), "erased"),
  };
  const open = withMemory(() => far);
  return { asked, far: known, open, index: open("n") };
}

describe("an isolate's memory of prompts", () => {
  it("answers what is very close to one that was kept here", async ({ expect }) => {
    const { asked, index } = setup();
    await index.insert(entry(1));
    expect(await index.nearest(query(0.1))).toMatchObject([
      { id: entry(1).id, text: "1", epoch: 1 },
    ]);
    expect(asked).toEqual(["insert"]);
  });

  it("leaves to the objects what is less close, of another frame, or expired", async ({
    expect,
  }) => {
    const { far, index } = setup();
    await index.insert(entry(1));
    const angle = Math.acos(CLOSE) + 0.05;
    expect(await index.nearest(query(angle))).toEqual([far]);
    expect(await index.nearest(query(0, { frame: "0".repeat(64) }))).toEqual([far]);
    expect(await index.nearest(query(0, { nowMs: 100 }))).toEqual([far]);
  });

  it("remembers nothing that the objects have not kept", async ({ expect }) => {
    for (const outcome of ["refused", "unknown"] as const) {
      const { far, index } = setup(outcome);
      await index.insert(entry(1));
      expect(await index.nearest(query(0))).toEqual([far]);
    }
  });

  it("forgets with the objects", async ({ expect }) => {
    const { asked, far, index } = setup();
    await index.insert(entry(1));
    await index.remove(entry(1).id);
    expect(await index.nearest(query(0))).toEqual([far]);
    await index.insert(entry(2));
    await index.erase();
    expect(await index.nearest(query(0))).toEqual([far]);
    expect(asked).toEqual(["insert", "remove", "nearest", "insert", "erase", "nearest"]);
  });

  it("keeps namespaces apart, and outlives the request that opened them", async ({ expect }) => {
    const { far, open } = setup();
    await open("a").insert(entry(1));
    expect(await open("b").nearest(query(0))).toEqual([far]);
    expect(await open("a").nearest(query(0))).toMatchObject([{ text: "1" }]);
  });

  it("holds the latest, short ones, and one of an id", async ({ expect }) => {
    const { far, index } = setup();
    await index.insert(entry(0, { text: "x".repeat(2_000) }));
    expect(await index.nearest(query(0))).toEqual([far]);
    for (let n = 0; n <= MAX_PROMPTS; n++)
      await index.insert(entry(n, { frame: n < 2 ? FRAME : "1".repeat(64) }));
    expect(await index.nearest(query(0))).toMatchObject([{ text: "1" }]);
    await index.insert(entry(1, { text: "anew" }));
    expect(await index.nearest(query(0))).toMatchObject([{ text: "anew" }]);
  });
});
