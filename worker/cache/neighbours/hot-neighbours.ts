/**
 * The prompts that an isolate has seen kept, in its own memory: what was asked here a moment ago is found without a trip
 * to the namespace's objects.
 *
 * It answers alone only where it has one that is very close, since any such will do; for all else the objects are
 * asked, which know everything. What was removed elsewhere may still be found here: whoever loads its entry sees
 * that it is gone, and removes it.
 */
import type {
  NearestQuery,
  Neighbour,
  NeighbourEntry,
  Neighbours,
} from "../../domain/neighbours.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { VectorTable } from "./vector-table.ts";

/** The similarity from which one that is known here is as good as any. */
export const CLOSE = 0.98;
/** Namespaces that an isolate remembers, and prompts of each. */
const MAX_NAMESPACES = 32;
export const MAX_PROMPTS = 1_024;
/** UTF-16 units of a prompt: longer ones are for the objects. */
const MAX_TEXT = 1_024;

/** The neighbours of each namespace, those of `far` with an isolate's memory before them. */
export function withMemory(
  far: (namespace: string) => Neighbours,
): (namespace: string) => Neighbours {
  const memories = new BoundedMap<string, Memory>(MAX_NAMESPACES);
  return (namespace) => {
    const memory = memories.get(namespace) ?? new Memory();
    memories.set(namespace, memory);
    return new HotNeighbours(memory, far(namespace));
  };
}

class HotNeighbours implements Neighbours {
  readonly #memory: Memory;
  readonly #far: Neighbours;

  constructor(memory: Memory, far: Neighbours) {
    this.#memory = memory;
    this.#far = far;
  }

  async nearest(query: NearestQuery): Promise<readonly Neighbour[] | "unknown"> {
    const found = this.#memory.nearest({ ...query, atLeast: Math.max(query.atLeast, CLOSE) });
    return found.length > 0 ? found : this.#far.nearest(query);
  }

  async insert(entry: NeighbourEntry): Promise<"kept" | "refused" | "unknown"> {
    const outcome = await this.#far.insert(entry);
    if (outcome === "kept") this.#memory.insert(entry);
    return outcome;
  }

  async remove(id: string): Promise<"removed" | "unknown"> {
    this.#memory.remove(id);
    return this.#far.remove(id);
  }

  async erase(): Promise<"erased" | "unknown"> {
    this.#memory.erase();
    return this.#far.erase();
  }
}

/** The latest prompts of one namespace. */
class Memory {
  #table: VectorTable | undefined;
  /** By key of the table. */
  readonly #entries = new Map<number, NeighbourEntry>();
  readonly #keys = new Map<string, number>();
  #next = 0;

  nearest(query: NearestQuery): Neighbour[] {
    const near = this.#table?.nearest(query.vector, query) ?? [];
    return near.map(({ key, similarity }) => {
      const { id, text, epoch } = this.#entries.get(key)!;
      return { id, similarity, text, epoch };
    });
  }

  insert(entry: NeighbourEntry): void {
    if (entry.text.length > MAX_TEXT) return;
    this.remove(entry.id);
    this.#table ??= new VectorTable(entry.vector.length);
    if (this.#table.dims !== entry.vector.length) return;
    const key = this.#next++;
    this.#table.insert(key, entry);
    this.#entries.set(key, entry);
    this.#keys.set(entry.id, key);
    if (this.#entries.size > MAX_PROMPTS) this.#drop(this.#table.oldest!);
  }

  remove(id: string): void {
    const key = this.#keys.get(id);
    if (key !== undefined) this.#drop(key);
  }

  erase(): void {
    for (const key of this.#entries.keys()) this.#drop(key);
  }

  #drop(key: number): void {
    this.#table?.remove(key);
    this.#keys.delete(this.#entries.get(key)!.id);
    this.#entries.delete(key);
  }
}
