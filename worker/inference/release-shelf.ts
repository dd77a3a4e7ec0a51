/**
 * The releases that an isolate has loaded: the one in service, and those that a rollout wants beside it.
 *
 * Each takes some megabytes, so there are at most MAX_LOADED. What is wanted less makes room for what is wanted more;
 * what is in service stays, whatever is wanted, until something else is put into service.
 */
import type { NamedRelease, Rollout } from "../../router-models/rollout.ts";
import { Slot, type Releasable } from "./slot.ts";

export const MAX_LOADED = 4;

interface Shelved extends Releasable {
  /** SHA-256 of the manifest. */
  readonly id: string;
}

export class ReleaseShelf<T extends Shelved> {
  readonly #slots = new Map<string, Slot<T>>();
  readonly #onReleaseFailure: (error: unknown) => void;
  #inService: Slot<T>;

  /** Owns what it is given. */
  constructor(first: T, onReleaseFailure: (error: unknown) => void) {
    this.#onReleaseFailure = onReleaseFailure;
    this.#inService = this.put(first);
  }

  /** What answers whoever is neither pinned nor on trial. */
  get inService(): Slot<T> {
    return this.#inService;
  }

  /** All that are loaded. Do not keep them: they may be released at any time. */
  all(): T[] {
    return Array.from(this.#slots.values(), (slot) => slot.value);
  }

  get(id: string): Slot<T> | undefined {
    return this.#slots.get(id);
  }

  /** Takes over what is not there yet. Make room for it first. */
  put(release: T): Slot<T> {
    const slot = new Slot(release, this.#onReleaseFailure);
    this.#slots.set(release.id, slot);
    return slot;
  }

  /** What is loaded under that id answers from now on; nothing happens where nothing is. */
  putInService(id: string): void {
    this.#inService = this.#slots.get(id) ?? this.#inService;
  }

  /** Lets go of what is neither in service nor in the list. */
  keepOnly(ids: readonly string[]): void {
    for (const id of this.#slots.keys()) if (!ids.includes(id)) this.#letGo(id);
  }

  /** Lets go of the least of what is wanted less than `id`, until one more fits. @returns Whether it fits. */
  makeRoomFor(id: string, ids: readonly string[]): boolean {
    const less = ids.slice(ids.indexOf(id) + 1);
    while (this.#slots.size >= MAX_LOADED) {
      const least = less.pop();
      if (least === undefined) return false;
      this.#letGo(least);
    }
    return true;
  }

  #letGo(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined || slot === this.#inService) return;
    this.#slots.delete(id);
    slot.retire();
  }
}

/** What a rollout wants loaded, the most wanted first: what serves, its candidate, what tenants are pinned to. */
export function wantedBy({ serving, trial, pins }: Rollout): NamedRelease[] {
  const all = [serving, ...(trial === undefined ? [] : [trial]), ...Object.values(pins ?? {})];
  const byId = new Map<string, NamedRelease>();
  for (const release of all) if (!byId.has(release.id)) byId.set(release.id, release);
  return [...byId.values()].slice(0, MAX_LOADED);
}
