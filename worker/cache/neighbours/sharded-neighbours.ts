/**
 * The neighbours of a namespace, at its shards: Durable Objects that are opened one after the other as they fill.
 *
 * A namespace begins with one shard. A lookup asks all shards at once and merges what they find. The first shard says
 * with each of its answers how many there are; an isolate remembers it, so only the lookup that hears of more of them
 * makes a second trip. An entry goes to the newest shard, and when that is full to the next one, which the
 * first shard hears of before anything is in it. When no more may be opened, the id says in which shard an entry
 * takes the place of the one that was not used for longest.
 *
 * Requests wait for a lookup, so it is short, and a shard that was silent is left alone for a while. What a
 * shard that does not answer knows is missing; when none answers, the whole is `unknown`.
 */
import {
  MAX_NEIGHBOUR_TEXT,
  type NearestQuery,
  type Neighbour,
  type NeighbourEntry,
  type Neighbours,
} from "../../domain/neighbours.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { Deadline, type StartTimer } from "../../lib/deadline.ts";
import { hashText } from "../../lib/prng.ts";
import {
  foundSchema,
  insertedSchema,
  MAX_SHARDS,
  removedSchema,
  type Found,
  type Inserted,
  type ShardPort,
} from "./messages.ts";

/** A lookup's: more than a trip to another continent and back hardly ever takes. */
const LOOKUP_MS = 150;
/** Of all else, which nobody waits for. */
const CHANGE_MS = 10_000;
/** For so long a shard is not looked up at that was silent. */
const REST_MS = 2_000;
/** Namespaces that an isolate remembers. */
const MAX_REMEMBERED = 1_000;

/** What an isolate remembers of a namespace. */
interface Remembered {
  /** Shards that there are at least. */
  shards: number;
  /** Until when each of them is left alone. Milliseconds since 1970. */
  readonly restsUntilMs: number[];
}

interface Options {
  readonly clock?: Clock;
  readonly timer?: StartTimer;
}

/**
 * The neighbours of each namespace, by its name. Vectors of another head want another name.
 * @param shardNamed Asked for anew each time: a stub that has seen its object fail stays broken.
 */
export function neighboursAt(
  shardNamed: (name: string) => ShardPort,
  { clock = systemClock, timer }: Options = {},
): (namespace: string) => Neighbours {
  const all = new BoundedMap<string, Remembered>(MAX_REMEMBERED);
  return (namespace) => {
    const remembered = all.get(namespace) ?? { shards: 1, restsUntilMs: [] };
    all.set(namespace, remembered);
    return new ShardedNeighbours(remembered, {
      shard: (index) => shardNamed(`${namespace}/${index}`),
      clock,
      timer,
    });
  };
}

interface Surroundings {
  readonly shard: (index: number) => ShardPort;
  readonly clock: Clock;
  readonly timer: StartTimer | undefined;
}

class ShardedNeighbours implements Neighbours {
  readonly #remembered: Remembered;
  readonly #around: Surroundings;

  constructor(remembered: Remembered, around: Surroundings) {
    this.#remembered = remembered;
    this.#around = around;
  }

  async nearest(query: NearestQuery): Promise<readonly Neighbour[] | "unknown"> {
    const known = this.#remembered.shards;
    const answers = await this.#lookup(query, 0, known);
    const shards = answers[0]?.shards ?? known;
    this.#remembered.shards = shards;
    if (shards > known) answers.push(...(await this.#lookup(query, known, shards)));
    const lists = answers.flatMap((answer) => (answer?.found ? [answer.found] : []));
    return lists.length === 0 ? "unknown" : merged(lists, query.count);
  }

  async insert(entry: NeighbourEntry): Promise<"kept" | "refused" | "unknown"> {
    if (entry.text.length > MAX_NEIGHBOUR_TEXT) return "refused";
    // Others may have erased the shards that are remembered here, and nobody would look into one of these.
    const { shards } = this.#remembered;
    if (shards > 1 && (await this.#countShards()) === undefined) return "unknown";
    const place = await this.#place(entry);
    if (place === undefined) return "unknown";
    if (place.outcome === "refused") return "refused";
    // An older shard may have kept an earlier one of the same id.
    const others = indices(0, this.#remembered.shards).filter((index) => index !== place.index);
    const removed = await Promise.all(others.map((index) => this.#removeAt(index, entry.id)));
    return removed.every((answer) => answer !== undefined) ? "kept" : "unknown";
  }

  async remove(id: string): Promise<"removed" | "unknown"> {
    const shards = await this.#countShards();
    if (shards === undefined) return "unknown";
    const all = await Promise.all(indices(0, shards).map((index) => this.#removeAt(index, id)));
    return all.every((answer) => answer !== undefined) ? "removed" : "unknown";
  }

  async erase(): Promise<"erased" | "unknown"> {
    const shards = await this.#countShards();
    if (shards === undefined) return "unknown";
    const others = await Promise.all(indices(1, shards).map((index) => this.#eraseAt(index)));
    // The first shard forgets the others, so it comes last: until then all of it can be tried again.
    if (others.includes(undefined) || (await this.#eraseAt(0)) === undefined) return "unknown";
    this.#remembered.shards = 1;
    return "erased";
  }

  /** Where the entry went, or would not; undefined where somebody was silent. */
  async #place(
    entry: NeighbourEntry,
  ): Promise<{ index: number; outcome: "kept" | "refused" } | undefined> {
    for (let tries = 0; tries <= MAX_SHARDS; tries++) {
      const index = this.#remembered.shards - 1;
      const outcome = (await this.#insertAt(index, entry, { isLastResort: false }))?.outcome;
      if (outcome !== "full") return outcome && { index, outcome };
      if (index === MAX_SHARDS - 1) break;
      if ((await this.#countShards(index + 2)) === undefined) return undefined;
    }
    const index = hashText(entry.id) % MAX_SHARDS;
    const outcome = (await this.#insertAt(index, entry, { isLastResort: true }))?.outcome;
    return outcome === undefined || outcome === "full" ? undefined : { index, outcome };
  }

  #lookup(query: NearestQuery, from: number, to: number): Promise<(Found | undefined)[]> {
    return Promise.all(indices(from, to).map((index) => this.#lookupAt(index, query)));
  }

  async #lookupAt(index: number, query: NearestQuery): Promise<Found | undefined> {
    const { restsUntilMs } = this.#remembered;
    const { clock } = this.#around;
    if ((restsUntilMs[index] ?? 0) > clock.nowMs()) return undefined;
    const answer = await this.#ask(index, (shard) => shard.nearest(query), {
      schema: foundSchema,
      limitMs: LOOKUP_MS,
    });
    if (answer === undefined) restsUntilMs[index] = clock.nowMs() + REST_MS;
    return answer;
  }

  async #insertAt(
    index: number,
    entry: NeighbourEntry,
    terms: { readonly isLastResort: boolean },
  ): Promise<Inserted | undefined> {
    const answer = await this.#ask(index, (shard) => shard.insert({ ...entry, ...terms }), {
      schema: insertedSchema,
      limitMs: CHANGE_MS,
    });
    if (index === 0 && answer !== undefined) this.#remembered.shards = answer.shards;
    return answer;
  }

  #removeAt(index: number, id: string): Promise<unknown> {
    return this.#ask(index, (shard) => shard.remove(id), CHANGE);
  }

  #eraseAt(index: number): Promise<unknown> {
    return this.#ask(index, (shard) => shard.erase(), CHANGE);
  }

  /** How many shards there are, after making them so many at least. */
  async #countShards(atLeast = 1): Promise<number | undefined> {
    const answer = await this.#ask(0, (shard) => shard.open(atLeast), CHANGE);
    if (answer !== undefined) this.#remembered.shards = answer.shards;
    return answer?.shards;
  }

  /** Undefined where the shard is silent for too long, fails or says what cannot be read. */
  async #ask<T>(
    index: number,
    work: (shard: ShardPort) => Promise<unknown>,
    { schema, limitMs }: { schema: { parse(said: unknown): T }; limitMs: number },
  ): Promise<T | undefined> {
    const { shard, clock, timer } = this.#around;
    const deadline = new Deadline({ clock, ...(timer && { timer }) });
    deadline.limitTotal(limitMs);
    try {
      return schema.parse(await deadline.race(work(shard(index))));
    } catch {
      return undefined;
    } finally {
      deadline.close();
    }
  }
}

const CHANGE = { schema: removedSchema, limitMs: CHANGE_MS };

function indices(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i);
}

/** The best of all lists; of entries with the same id the one in the newest shard. */
function merged(lists: readonly (readonly Neighbour[])[], count: number): Neighbour[] {
  const byId = new Map(lists.flat().map((neighbour) => [neighbour.id, neighbour]));
  return [...byId.values()].toSorted((a, b) => b.similarity - a.similarity).slice(0, count);
}
