/** A namespace over its shards: the real ones, small ones that fill, and ones that say nothing. */
import { env, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  insertionSchema,
  MAX_SHARDS,
  searchSchema,
  type ShardPort,
} from "../../../../worker/cache/neighbours/messages.ts";
import { neighboursAt } from "../../../../worker/cache/neighbours/sharded-neighbours.ts";
import { manualTimers } from "../../fixture/timers.ts";
import { madeUp, NaiveNeighbours, queryFor, stepsArbitrary } from "./naive-neighbours.ts";

const LOOKUP_MS = 150;
const REST_MS = 2_000;
const CHANGE_MS = 10_000;

/** A shard as a list, which counts what it is asked. */
class ListShard implements ShardPort {
  readonly naive = new NaiveNeighbours();
  readonly asked: string[] = [];
  readonly #capacity: number;
  #shards = 1;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async nearest(query: unknown) {
    this.asked.push("nearest");
    return { shards: this.#shards, found: this.naive.nearest(searchSchema.parse(query)) };
  }

  async insert(said: unknown) {
    const { isLastResort, ...entry } = insertionSchema.parse(said);
    const { entries } = this.naive;
    this.asked.push(isLastResort ? "last resort" : "insert");
    if (!entries.has(entry.id) && entries.size >= this.#capacity) {
      if (!isLastResort) return { shards: this.#shards, outcome: "full" };
      const [oldest] = entries.keys();
      entries.delete(oldest!);
    }
    this.naive.insert(entry);
    return { shards: this.#shards, outcome: "kept" };
  }

  async remove(id: unknown) {
    this.asked.push("remove");
    this.naive.remove(String(id));
    return { shards: this.#shards };
  }

  async open(shards: unknown) {
    this.asked.push("open");
    this.#shards = Math.max(this.#shards, Number(shards));
    return { shards: this.#shards };
  }

  async erase() {
    this.asked.push("erase");
    this.naive.entries.clear();
    this.#shards = 1;
    return { shards: 1 };
  }
}

/** Shards by name, made when they are first asked for. */
function listShards(capacity: number) {
  const byName = new Map<string, ListShard>();
  function shardNamed(name: string): ListShard {
    const shard = byName.get(name) ?? new ListShard(capacity);
    byName.set(name, shard);
    return shard;
  }
  return { byName, shardNamed };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

const SILENT: ShardPort = {
  nearest: never,
  insert: never,
  remove: never,
  open: never,
  erase: never,
};

/** Resolves when what was about to happen has happened, timers apart. */
async function flushed(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
}

async function foundBy(answer: ReturnType<ReturnType<ReturnType<typeof neighboursAt>>["nearest"]>) {
  const found = await answer;
  return found === "unknown" ? found : found.map(({ epoch }) => epoch);
}

describe("neighbours at Durable Objects", () => {
  const at = neighboursAt((name) => env.NEIGHBOURS.getByName(name));

  it("are found in their own namespace only, until they are removed or erased", async ({
    expect,
  }) => {
    const [ours, theirs] = [at("ours"), at("theirs")];
    expect(await foundBy(ours.nearest(queryFor(madeUp(1))))).toEqual([]);
    for (const n of [1, 2, 3]) expect(await ours.insert(madeUp(n))).toBe("kept");
    expect(await foundBy(ours.nearest(queryFor(madeUp(1))))).toEqual([1]);
    expect(await foundBy(theirs.nearest(queryFor(madeUp(1))))).toEqual([]);
    expect(await ours.remove(madeUp(1).id)).toBe("removed");
    expect(await foundBy(ours.nearest(queryFor(madeUp(1))))).toEqual([]);
    expect(await ours.erase()).toBe("erased");
    expect(await foundBy(ours.nearest(queryFor(madeUp(2))))).toEqual([]);
  });

  it("are refused where they would be refused", async ({ expect }) => {
    const refusing = at("refusing");
    expect(await refusing.insert(madeUp(1, { text: "x".repeat(8_193) }))).toBe("refused");
    expect(await refusing.insert(madeUp(1, { text: "x".repeat(8_192) }))).toBe("kept");
    expect(await refusing.insert(madeUp(2, { vector: new Int8Array(16).fill(1) }))).toBe("refused");
  });

  it("are unknown, and no exception, where the object throws", async ({ expect }) => {
    const port: ShardPort = {
      ...SILENT,
      nearest: (query) =>
        runInDurableObject(env.NEIGHBOURS.getByName("throwing"), (instance) =>
          instance.nearest(query),
        ),
    };
    const throwing = neighboursAt(() => port)("throwing");
    expect(await throwing.nearest({ ...queryFor(madeUp(1)), count: 0 })).toBe("unknown");
  });
});

describe("neighbours over shards", () => {
  it("answer what a list would, also to isolates that remember other numbers of shards", async ({
    expect,
  }) => {
    const isolates = fc.array(fc.nat(2), { minLength: 60, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(stepsArbitrary, isolates, async (steps, turns) => {
        const { shardNamed, byName } = listShards(4);
        const clients = [0, 1, 2].map(() => neighboursAt(shardNamed)("n"));
        const naive = new NaiveNeighbours();
        for (const [i, step] of steps.entries()) {
          const client = clients[turns[i]!]!;
          if (step.kind === "ask") {
            const found = await client.nearest(step.query);
            expect(found === "unknown" || naive.objection(step.query, found)).toBeUndefined();
          } else if (step.kind === "insert") {
            expect(await client.insert(step.entry)).toBe("kept");
            naive.insert(step.entry);
          } else if (step.kind === "remove") {
            expect(await client.remove(step.id)).toBe("removed");
            naive.remove(step.id);
          } else if (step.kind === "erase") {
            expect(await client.erase()).toBe("erased");
            naive.entries.clear();
          }
        }
        const kept = [...byName.values()].flatMap((shard) => [...shard.naive.entries.keys()]);
        expect(kept.toSorted()).toEqual([...naive.entries.keys()].toSorted());
      }),
    );
  });

  it("open one shard after the other and then let go of the oldest", async ({ expect }) => {
    const { shardNamed, byName } = listShards(2);
    const client = neighboursAt(shardNamed)("n");
    for (let n = 0; n < 2 * MAX_SHARDS; n++) expect(await client.insert(madeUp(n))).toBe("kept");
    function full(): boolean {
      const sizes = [...byName.values()].map(({ naive }) => naive.entries.size);
      return sizes.length === MAX_SHARDS && sizes.every((size) => size === 2);
    }
    expect(full()).toBe(true);
    for (let n = 100; n < 200; n++) expect(await client.insert(madeUp(n))).toBe("kept");
    expect(full()).toBe(true);
    expect(await foundBy(client.nearest(queryFor(madeUp(199))))).toEqual([199]);
    for (const { asked } of byName.values()) asked.length = 0;
    await client.insert(madeUp(200));
    const asked = [...byName.values()].flatMap((shard) => shard.asked);
    expect(asked.filter((what) => what !== "remove").toSorted()).toEqual([
      "insert",
      "last resort",
      "open",
    ]);
    const late = neighboursAt(shardNamed)("n");
    expect(await late.insert(madeUp(300))).toBe("kept");
    expect(await foundBy(late.nearest(queryFor(madeUp(300))))).toEqual([300]);
  });

  it("are asked for in one trip, and in two by who learns that there are more shards", async ({
    expect,
  }) => {
    const { shardNamed, byName } = listShards(1);
    const client = neighboursAt(shardNamed)("n");
    for (const n of [0, 1, 2]) await client.insert(madeUp(n));
    const fresh = neighboursAt(shardNamed)("n");
    for (const shard of byName.values()) shard.asked.length = 0;
    expect(await foundBy(fresh.nearest(queryFor(madeUp(2))))).toEqual([2]);
    expect(await foundBy(fresh.nearest(queryFor(madeUp(1))))).toEqual([1]);
    expect([...byName.values()].map(({ asked }) => asked.join(" "))).toEqual([
      "nearest nearest",
      "nearest nearest",
      "nearest nearest",
    ]);
  });

  it("stand once where an older shard still has an entry of the same id", async ({ expect }) => {
    const { shardNamed } = listShards(1);
    const client = neighboursAt(shardNamed)("n");
    for (const n of [0, 1]) await client.insert(madeUp(n));
    shardNamed("n/1").naive.insert({ ...madeUp(0), epoch: 7 });
    expect(await foundBy(client.nearest(queryFor(madeUp(0), { count: 5 })))).toEqual([7]);
  });
});

describe("shards that say nothing", () => {
  it("are given up, left alone for a while, and asked again", async ({ expect }) => {
    const timers = manualTimers();
    let asked = 0;
    const port = { ...SILENT, nearest: () => (asked++, never()) };
    const client = neighboursAt(() => port, timers)("n");
    const answer = client.nearest(queryFor(madeUp(1)));
    let isOver = false;
    void answer.then(() => (isOver = true));
    timers.advance(LOOKUP_MS - 1);
    await flushed();
    expect(isOver).toBe(false);
    timers.advance(1);
    expect(await answer).toBe("unknown");
    timers.advance(REST_MS - 1);
    expect(await client.nearest(queryFor(madeUp(1)))).toBe("unknown");
    expect([asked, timers.pending]).toEqual([1, 0]);
    timers.advance(1);
    void client.nearest(queryFor(madeUp(1)));
    expect(asked).toBe(2);
  });

  it("keep nothing of the others from being found", async ({ expect }) => {
    const timers = manualTimers();
    const { shardNamed } = listShards(1);
    const before = neighboursAt(shardNamed)("n");
    for (const n of [0, 1, 2]) await before.insert(madeUp(n));
    for (const silent of [0, 1, 2]) {
      const client = neighboursAt(
        (name) => (name === `n/${silent}` ? SILENT : shardNamed(name)),
        timers,
      )("n");
      const other = madeUp((silent + 1) % 3);
      const answer = client.nearest(queryFor(other));
      await flushed();
      timers.advance(LOOKUP_MS);
      // Only the first shard knows of others.
      expect(await foundBy(answer)).toEqual(silent === 0 ? "unknown" : [other.epoch]);
      expect(timers.pending).toBe(0);
    }
  });

  it("are unknown to whoever changes something", async ({ expect }) => {
    const timers = manualTimers();
    const client = neighboursAt(() => SILENT, timers)("n");
    const answers = [client.insert(madeUp(1)), client.remove(madeUp(1).id), client.erase()];
    timers.advance(CHANGE_MS);
    expect(await Promise.all(answers)).toEqual(["unknown", "unknown", "unknown"]);
    expect(timers.pending).toBe(0);
  });

  it("that have not read their rows are unknown, and asked again at once", async ({ expect }) => {
    const answers: unknown[] = [
      { shards: 1, found: null },
      { shards: 1, found: [] },
    ];
    const client = neighboursAt(() => ({ ...SILENT, nearest: async () => answers.shift() }))("n");
    expect(await client.nearest(queryFor(madeUp(1)))).toBe("unknown");
    expect(await client.nearest(queryFor(madeUp(1)))).toEqual([]);
  });

  it.for([
    ["fails", async () => Promise.reject(new Error("overloaded"))],
    ["cannot be read", async () => ({ shards: 1_000, found: [] })],
    ["says less than it must", async () => ({ shards: 1 })],
  ] as const)("are unknown where what they say %s", async ([, nearest], { expect }) => {
    const client = neighboursAt(() => ({ ...SILENT, nearest }))("n");
    expect(await client.nearest(queryFor(madeUp(1)))).toBe("unknown");
  });

  it("are erased as a whole or not at all", async ({ expect }) => {
    const timers = manualTimers();
    const { shardNamed } = listShards(1);
    const before = neighboursAt(shardNamed)("n");
    for (const n of [0, 1]) await before.insert(madeUp(n));
    const client = neighboursAt(
      (name) => (name === "n/1" ? SILENT : shardNamed(name)),
      timers,
    )("n");
    const answer = client.erase();
    await flushed();
    timers.advance(CHANGE_MS);
    expect(await answer).toBe("unknown");
    expect(shardNamed("n/0").naive.entries.size).toBe(1);
    expect(await neighboursAt(shardNamed)("n").erase()).toBe("erased");
    expect([0, 1].map((i) => shardNamed(`n/${i}`).naive.entries.size)).toEqual([0, 0]);
  });
});
