/** Neighbours as a list that is searched from end to end with plain loops: what everything else is held against. */
import * as fc from "fast-check";
import type {
  Neighbour,
  NeighbourEntry,
  NearestQuery,
} from "../../../../worker/domain/neighbours.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

export const DIMS = 32;

export function cosine(a: Int8Array, b: Int8Array): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    product += x * b[i]!;
    ofA += x * x;
    ofB += b[i]! * b[i]!;
  }
  return ofA === 0 || ofB === 0 ? 0 : product / Math.sqrt(ofA * ofB);
}

export class NaiveNeighbours {
  readonly entries = new Map<string, NeighbourEntry>();

  insert(entry: NeighbourEntry): void {
    this.entries.delete(entry.id);
    this.entries.set(entry.id, entry);
  }

  remove(id: string): void {
    this.entries.delete(id);
  }

  expire(nowMs: number): void {
    for (const { id, expiresMs } of this.entries.values())
      if (expiresMs <= nowMs) this.entries.delete(id);
  }

  nearest({ vector, frame, nowMs, count, atLeast }: NearestQuery): Neighbour[] {
    return [...this.entries.values()]
      .filter((entry) => entry.frame === frame && entry.expiresMs > nowMs)
      .map(({ vector: other, ...entry }) => ({ ...entry, similarity: cosine(vector, other) }))
      .filter(({ similarity }) => similarity >= atLeast)
      .toSorted((a, b) => b.similarity - a.similarity)
      .slice(0, count)
      .map(({ id, similarity, text, epoch }) => ({ id, similarity, text, epoch }));
  }

  /** Undefined where the answer is right; of equally near ones any will do. Else what is wrong with it. */
  objection(query: NearestQuery, answer: readonly Neighbour[]): string | undefined {
    const wanted = this.nearest(query).map(({ similarity }) => similarity);
    const given = answer.map(({ similarity }) => similarity);
    if (JSON.stringify(wanted) !== JSON.stringify(given))
      return `similarities are ${given.join(" ")} and not ${wanted.join(" ")}`;
    if (new Set(answer.map(({ id }) => id)).size < answer.length) return "one stands there twice";
    const liars = answer.filter(({ id, similarity, text, epoch }) => {
      const entry = this.entries.get(id);
      if (entry === undefined || entry.frame !== query.frame) return true;
      if (entry.expiresMs <= query.nowMs || entry.text !== text || entry.epoch !== epoch)
        return true;
      return cosine(entry.vector, query.vector) !== similarity;
    });
    return liars.length > 0 ? `not as inserted: ${JSON.stringify(liars)}` : undefined;
  }
}

/** Few ids, frames and directions, so that entries meet; times from 0 to 20. */
const id = fc.integer({ min: 0, max: 11 }).map((n) => n.toString(16).repeat(64));
const frame = fc.constantFrom("a".repeat(64), "b".repeat(64));
const time = fc.integer({ min: 0, max: 20 });
const sign = fc.constantFrom(-1, 1);
const vector = fc
  .record({
    base: fc.constantFrom(3, 5, 8),
    noise: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: DIMS, maxLength: DIMS }),
    sign,
    isZero: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  })
  .map(({ base, noise, sign: s, isZero }) =>
    Int8Array.from(noise, (n, i) => (isZero ? 0 : s * (i % base === 0 ? 100 : 0) + n)),
  );

export const entryArbitrary: fc.Arbitrary<NeighbourEntry> = fc.record({
  id,
  frame,
  vector,
  text: fc.string({ maxLength: 8 }),
  epoch: fc.integer({ min: -5, max: 5 }),
  expiresMs: time,
});
export const queryArbitrary: fc.Arbitrary<NearestQuery> = fc.record({
  vector,
  frame,
  nowMs: time,
  count: fc.constantFrom(1, 2, 5, 32),
  atLeast: fc.constantFrom(-1, -0.5, 0, 0.3, 0.7, 0.9, 1),
});

export type Step =
  | { readonly kind: "insert"; readonly entry: NeighbourEntry }
  | { readonly kind: "remove"; readonly id: string }
  | { readonly kind: "expire"; readonly nowMs: number }
  | { readonly kind: "ask"; readonly query: NearestQuery }
  | { readonly kind: "restart" }
  | { readonly kind: "erase" };

/** Mostly insertions and questions, and many of them: what goes wrong goes wrong late. */
export const stepsArbitrary: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: entryArbitrary.map((entry) => ({ kind: "insert", entry }) as const) },
    { weight: 8, arbitrary: queryArbitrary.map((query) => ({ kind: "ask", query }) as const) },
    { weight: 5, arbitrary: id.map((gone) => ({ kind: "remove", id: gone }) as const) },
    { weight: 1, arbitrary: time.map((nowMs) => ({ kind: "expire", nowMs }) as const) },
    { weight: 2, arbitrary: fc.constant({ kind: "restart" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "erase" } as const) },
  ),
  { maxLength: 60, size: "max" },
);

/** An entry of a frame, whose digits say which it is. */
export function madeUp(n: number, more: Partial<NeighbourEntry> = {}): NeighbourEntry {
  const random = randomFrom(n);
  return {
    id: n.toString(16).padStart(64, "0"),
    frame: "f".repeat(64),
    vector: Int8Array.from({ length: DIMS }, () => Math.floor(random() * 255) - 127),
    text: `prompt ${n}`,
    epoch: n,
    expiresMs: 4e12,
    ...more,
  };
}

export function queryFor(entry: NeighbourEntry, more: Partial<NearestQuery> = {}): NearestQuery {
  const { vector: asked, frame: within } = entry;
  return { vector: asked, frame: within, nowMs: 0, count: 1, atLeast: 0.999, ...more };
}
