/**
 * The nearest shelf of all: what an isolate has put onto another one or found there a moment ago, still sealed, in its
 * own memory. It has the other's entries and no others, only sooner.
 *
 * Bounded in bytes; those that were not used for longest go first. An entry that would take much of the room is left to
 * the other shelf.
 */
import type { Clock } from "../../lib/clock.ts";
import type { Shelf } from "./shelf.ts";

/** Of an isolate's 128 MiB. */
export const MAX_BYTES = 8 << 20;
export const MAX_ENTRY_BYTES = MAX_BYTES / 32;
/** For so long it does not look at the other shelf: somebody else may have put another entry there. */
export const BELIEVED_S = 60;

interface Kept {
  readonly bytes: Uint8Array;
  readonly untilMs: number;
}

export class MemoryShelf implements Shelf {
  readonly #behind: Shelf;
  readonly #clock: Clock;
  /** The one that was not used for longest first. */
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  constructor(behind: Shelf, clock: Clock) {
    this.#behind = behind;
    this.#clock = clock;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.#clock.nowMs() < kept.untilMs) {
      this.#kept.delete(name);
      this.#kept.set(name, kept);
      return kept.bytes;
    }
    const bytes = await this.#behind.get(name);
    if (bytes !== undefined) this.#keep(name, bytes, BELIEVED_S);
    return bytes;
  }

  async put(name: string, bytes: Uint8Array, ttlS: number): Promise<void> {
    this.#keep(name, bytes, Math.min(ttlS, BELIEVED_S));
    await this.#behind.put(name, bytes, ttlS);
  }

  #keep(name: string, bytes: Uint8Array, ttlS: number): void {
    this.#drop(name);
    if (bytes.length > MAX_ENTRY_BYTES) return;
    this.#kept.set(name, { bytes, untilMs: this.#clock.nowMs() + ttlS * 1_000 });
    this.#size += bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= MAX_BYTES) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    this.#size -= this.#kept.get(name)?.bytes.length ?? 0;
    this.#kept.delete(name);
  }
}
