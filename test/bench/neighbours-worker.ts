/**
 * The Worker in which `npm run bench -- --only neighbours` times the index of neighbours. The clock stands still
 * while code computes, so the caller times whole requests and takes off what idle ones cost.
 *
 *     POST /?do=fill&shard=NAME&dims=64&from=0&count=5000&frames=1     entries, at the object itself
 *     POST /?do=repeat&shard=NAME&…&times=20&atLeast=0.8               lookups within one call of the object
 *     POST /?do=lookup&namespace=NAME&…&seed=1                         a lookup as requests make it
 *     POST /?do=insert&namespace=NAME&…&seed=1                         an insertion as requests make it
 *     POST /?do=open&shard=NAME&shards=10, do=end, do=state            how many shards; a new instance; what there is
 *
 * With `idle=1` all is done but the lookup or the insertion. A query is an entry's vector, a little moved.
 */
import { NeighbourObject as ShippedObject } from "../../worker/cache/neighbours/neighbour-object.ts";
import { neighboursAt } from "../../worker/cache/neighbours/sharded-neighbours.ts";
import type { NearestQuery, NeighbourEntry } from "../../worker/domain/neighbours.ts";
import { normalFrom, randomFrom } from "../../worker/lib/prng.ts";

export {
  CacheObject,
  DirectoryObject,
  FeedbackObject,
  JournalObject,
  LedgerObject,
  VitalsObject,
  WatchObject,
} from "../../worker/objects.ts";

interface Made {
  readonly dims: number;
  /** Entries there are to choose a query among. */
  readonly count: number;
  readonly frames: number;
}

const NEVER_MS = 9e15;

/** Points in all directions alike; `moved` adds so much of another one. */
function vectorOf(seed: number, dims: number, moved = 0): Int8Array<ArrayBuffer> {
  const normal = normalFrom(randomFrom(seed));
  const other = normalFrom(randomFrom(seed + 0x5eed));
  const numbers = Float64Array.from({ length: dims }, normal);
  if (moved > 0) for (let i = 0; i < dims; i++) numbers[i]! += moved * other();
  const length = Math.hypot(...numbers);
  return Int8Array.from(numbers, (x) => Math.round((127 * x) / length));
}

function hexOf(n: number): string {
  return n.toString(16).padStart(64, "0");
}

function entryOf(n: number, { dims, frames }: Made): NeighbourEntry {
  return {
    id: hexOf(n),
    frame: hexOf(n % frames),
    vector: vectorOf(n, dims),
    text: `What would a traveller of some experience answer to question ${n}, and why?`,
    epoch: n,
    expiresMs: NEVER_MS,
  };
}

function queryOf(seed: number, made: Made, atLeast: number): NearestQuery {
  const n = Math.floor(randomFrom(seed)() * made.count);
  const vector = vectorOf(n, made.dims, 0.3);
  return { vector, frame: hexOf(n % made.frames), nowMs: 0, count: 4, atLeast };
}

export class NeighbourObject extends ShippedObject {
  async fill(from: number, made: Made): Promise<number> {
    for (let n = from; n < from + made.count; n++)
      await this.insert({ ...entryOf(n, made), isLastResort: false });
    return made.count;
  }

  /** Answers how many neighbours there were. */
  async repeat(made: Made, terms: Terms): Promise<number> {
    let found = 0;
    for (let i = 0; i < terms.times; i++) {
      const query = queryOf(terms.seed + i, made, terms.atLeast);
      if (!terms.isIdle) found += (await this.nearest(query)).found?.length ?? 0;
    }
    return found;
  }

  end(): void {
    this.ctx.abort("A bench wants a new instance");
  }
}

interface Terms {
  readonly seed: number;
  readonly times: number;
  readonly atLeast: number;
  readonly isIdle: boolean;
}

/** The deployment's, with the class above in the place of the one that ships. */
interface Bindings {
  readonly NEIGHBOURS: DurableObjectNamespace<NeighbourObject>;
}

let neighbours: ReturnType<typeof neighboursAt> | undefined;

export default {
  async fetch(request, env) {
    const asked = new URL(request.url).searchParams;
    function number(name: string): number {
      return Number(asked.get(name) ?? 0);
    }
    const made = { dims: number("dims"), count: number("count"), frames: number("frames") || 1 };
    const terms = {
      seed: number("seed"),
      times: number("times"),
      atLeast: number("atLeast"),
      isIdle: asked.has("idle"),
    };
    const namespace = env.NEIGHBOURS;
    neighbours ??= neighboursAt((name) => namespace.getByName(name));
    const shard = asked.get("shard") ?? "";
    const index = neighbours(asked.get("namespace") ?? "");
    switch (asked.get("do") ?? "") {
      case "fill":
        return Response.json(await namespace.getByName(shard).fill(number("from"), made));
      case "repeat":
        return Response.json(await namespace.getByName(shard).repeat(made, terms));
      case "open":
        return Response.json(await namespace.getByName(shard).open(number("shards")));
      case "state":
        return Response.json(await namespace.getByName(shard).state());
      case "end":
        return Response.json(await namespace.getByName(shard).end().then(String, String));
      case "lookup": {
        const query = queryOf(terms.seed, made, terms.atLeast);
        const found = terms.isIdle ? [] : await index.nearest(query);
        return Response.json(found === "unknown" ? found : found.length);
      }
      case "insert": {
        const entry = entryOf(terms.seed, made);
        return Response.json(terms.isIdle ? "idle" : await index.insert(entry));
      }
      default:
        return new Response("do what?", { status: 400 });
    }
  },
} satisfies ExportedHandler<Bindings>;
