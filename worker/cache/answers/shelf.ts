/**
 * A place for entries: it keeps bytes under a name for a time. What they are, and whether they still count, is not its
 * to know, and it is never asked to forget: entries that are purged no longer open.
 */

/** Rejects when it cannot be reached. */
export interface Shelf {
  get(name: string): Promise<Uint8Array | undefined>;
  /** @param ttlS Seconds, 60 at least. */
  put(name: string, bytes: Uint8Array, ttlS: number): Promise<void>;
}

/** The name on a shelf that has other things as well. */
export function sharedName(name: string): string {
  return `answer:${name}`;
}
