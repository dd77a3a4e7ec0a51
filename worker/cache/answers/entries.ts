/**
 * A namespace's entries, as one request reads and writes them: on the shelf near by, on the far one behind it, and
 * sealed on both.
 *
 * What does not open, is too old or was purged is as good as none, and so is a shelf that fails or says nothing for a
 * second. What only the far shelf had is put onto the near one.
 */
import type { Clock } from "../../lib/clock.ts";
import type { KeepAlive } from "../../lib/lookup-cache.ts";
import { entryIn, isGood, textOf, type Entry } from "./entry.ts";
import type { OpenNamespace } from "./namespaces.ts";
import type { Patience } from "./patience.ts";
import type { Shelf } from "./shelf.ts";

interface EntriesOptions {
  readonly namespace: OpenNamespace;
  readonly near: Shelf;
  /** Behind it; undefined where a deployment has none. */
  readonly far: Shelf | undefined;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly keepAlive: KeepAlive;
  /** How old an entry may be, milliseconds. */
  readonly maxAgeMs: number;
}

export interface OnShelf {
  readonly entry: Entry;
  readonly sealed: Uint8Array;
}

/** A shelf that has said nothing by then has nothing. */
const SHELF_MS = 1_000;
/** The least that shelves keep something for. */
const MIN_SHELF_S = 60;

/** Nothing here rejects. */
export class Entries {
  readonly #options: EntriesOptions;

  constructor(options: EntriesOptions) {
    this.#options = options;
  }

  async find(name: string): Promise<OnShelf | undefined> {
    return (await this.on("near", name)) ?? this.on("far", name);
  }

  async on(shelf: "near" | "far", name: string): Promise<OnShelf | undefined> {
    const { [shelf]: from, patience, keepAlive } = this.#options;
    const sealed = from && (await patience.within(SHELF_MS, shelf, from.get(name)));
    const entry = sealed && (await this.open(name, sealed));
    if (entry === undefined || sealed === undefined) return undefined;
    if (shelf === "far") keepAlive(this.#put("near", name, { entry, sealed }));
    return { entry, sealed };
  }

  async open(name: string, sealed: Uint8Array): Promise<Entry | undefined> {
    const { namespace, clock, maxAgeMs } = this.#options;
    const text = await namespace.seal.open(name, sealed);
    const entry = text === undefined ? undefined : entryIn(text);
    const asked = { nowMs: clock.nowMs(), maxAgeMs, purged: namespace.purged };
    return entry !== undefined && isGood(entry, asked) ? entry : undefined;
  }

  /** What was put onto both shelves; undefined for an entry that is too long. Does not wait for the shelves. */
  async put(name: string, entry: Entry): Promise<Uint8Array | undefined> {
    const { namespace, keepAlive } = this.#options;
    const text = textOf(entry);
    if (text === undefined) return undefined;
    const sealed = await namespace.seal.close(name, text);
    for (const shelf of ["near", "far"] as const)
      keepAlive(this.#put(shelf, name, { entry, sealed }));
    return sealed;
  }

  async #put(shelf: "near" | "far", name: string, { entry, sealed }: OnShelf): Promise<void> {
    const { [shelf]: onto, clock, patience } = this.#options;
    const leftS = Math.ceil((entry.expiresMs - clock.nowMs()) / 1_000);
    await patience.try(shelf, async () => onto?.put(name, sealed, Math.max(leftS, MIN_SHELF_S)));
  }
}
