/** The table in memory: exact answers after any history, and who goes first. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { CHUNK_ROWS } from "../../../../worker/cache/neighbours/vector-matrix.ts";
import { VectorTable } from "../../../../worker/cache/neighbours/vector-table.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";
import {
  DIMS,
  madeUp,
  NaiveNeighbours,
  queryFor,
  stepsArbitrary,
  type Step,
} from "./naive-neighbours.ts";

const EVER = { nowMs: 0, count: 32, atLeast: -1 };

/** Does a step to a table whose keys are the ids as numbers, and to the list; complains of a wrong answer. */
function take(table: VectorTable, naive: NaiveNeighbours, step: Step): string | undefined {
  if (step.kind === "insert") {
    table.insert(Number.parseInt(step.entry.id[0]!, 16), step.entry);
    naive.insert(step.entry);
  } else if (step.kind === "remove") {
    table.remove(Number.parseInt(step.id[0]!, 16));
    naive.remove(step.id);
  } else if (step.kind === "ask") {
    const found = table.nearest(step.query.vector, step.query).map(({ key, similarity }) => {
      const id = key.toString(16).repeat(64);
      const { text = "", epoch = 0 } = naive.entries.get(id) ?? {};
      return { id, similarity, text, epoch };
    });
    return naive.objection(step.query, found);
  }
  return undefined;
}

describe("a table of vectors", () => {
  it("answers what a list would that is searched from end to end", ({ expect }) => {
    fc.assert(
      fc.property(stepsArbitrary, (steps) => {
        const table = new VectorTable(DIMS);
        const naive = new NaiveNeighbours();
        for (const step of steps) {
          expect(take(table, naive, step)).toBeUndefined();
          expect(table.size).toBe(naive.entries.size);
        }
      }),
    );
  });

  it("does so over several chunks of rows", ({ expect }) => {
    const random = randomFrom(5);
    const table = new VectorTable(DIMS);
    const naive = new NaiveNeighbours();
    for (let n = 0; n < 2 * CHUNK_ROWS + 100; n++) {
      const vector = Int8Array.from({ length: DIMS }, () => Math.floor(random() * 255) - 127);
      const entry = madeUp(n, { vector, frame: n % 10 === 0 ? "other" : "f".repeat(64) });
      table.insert(n, entry);
      naive.insert(entry);
    }
    for (const n of [1, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 99])
      for (const [count, atLeast] of [
        [1, 0.999],
        [10, -1],
        [32, 0.3],
      ] as const) {
        const query = queryFor(naive.entries.get(madeUp(n).id)!, { count, atLeast });
        const found = table.nearest(query.vector, query).map(({ key, similarity }) => {
          const { id, text, epoch } = madeUp(key);
          return { id, similarity, text, epoch };
        });
        expect(naive.objection(query, found)).toBeUndefined();
        expect(found[0]?.similarity).toBe(1);
      }
  });

  it("says 1 of equal vectors, −1 of opposite ones and 0 of nothing", ({ expect }) => {
    const table = new VectorTable(16);
    const vector = Int8Array.from({ length: 16 }, (_, i) => i + 1);
    const zeros = new Int8Array(16);
    table.insert(1, { frame: "f", expiresMs: 1, vector });
    table.insert(2, { frame: "f", expiresMs: 1, vector: vector.map((x) => -x) });
    table.insert(3, { frame: "f", expiresMs: 1, vector: zeros });
    const asked = { ...EVER, frame: "f" };
    expect(table.nearest(vector, asked)).toEqual([
      { key: 1, similarity: 1 },
      { key: 3, similarity: 0 },
      { key: 2, similarity: -1 },
    ]);
    expect(table.nearest(vector, { ...asked, atLeast: 1 })).toEqual([{ key: 1, similarity: 1 }]);
    expect(table.nearest(zeros, { ...asked, atLeast: 0 })).toHaveLength(3);
    expect(table.nearest(zeros, { ...asked, atLeast: 0.01 })).toEqual([]);
  });

  it("finds nothing for a vector of another length, or in a frame that it has not", ({
    expect,
  }) => {
    const table = new VectorTable(16);
    table.insert(1, { frame: "f", expiresMs: 1, vector: new Int8Array(16).fill(1) });
    expect(table.nearest(new Int8Array(32).fill(1), { ...EVER, frame: "f" })).toEqual([]);
    expect(table.nearest(new Int8Array(16).fill(1), { ...EVER, frame: "g" })).toEqual([]);
  });

  it("uses the rows of removed entries again", ({ expect }) => {
    const table = new VectorTable(MANY_DIMS);
    const vector = new Int8Array(MANY_DIMS).fill(1);
    for (let n = 0; n < 5_000; n++) {
      table.insert(n, { frame: `f${n}`, expiresMs: 1, vector });
      table.remove(n - 10);
    }
    expect(table.size).toBe(10);
    expect(table.matrixBytes).toBeLessThan(1_000_000);
  });

  it("lets go first of what was not used for longest", ({ expect }) => {
    const step = fc.oneof(
      fc.nat(7).map((key) => ({ kind: "insert" as const, key })),
      fc.nat(7).map((key) => ({ kind: "use" as const, key })),
      fc.nat(7).map((key) => ({ kind: "remove" as const, key })),
      fc.constant({ kind: "let go" as const, key: 0 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new VectorTable(16);
        const order: number[] = [];
        for (const { kind, key: named } of steps) {
          const key = kind === "let go" ? order[0] : named;
          expect(table.oldest).toBe(order[0]);
          if (key === undefined) continue;
          const at = order.indexOf(key);
          if (at >= 0) order.splice(at, 1);
          if (kind === "use") table.use(key);
          else if (kind !== "insert") expect(table.remove(key)).toBe(at >= 0);
          else table.insert(key, { frame: "f", expiresMs: 1, vector: new Int8Array(16) });
          if (kind === "insert" || (kind === "use" && at >= 0)) order.push(key);
        }
        expect(table.oldest).toBe(order[0]);
      }),
    );
  });
});

const MANY_DIMS = 1_024;
