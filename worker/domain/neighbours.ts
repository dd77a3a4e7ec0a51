/**
 * Earlier prompts that are like a new one: the vocabulary between whoever looks for them and whoever keeps them.
 *
 * A vector is a unit vector times 127, rounded, of a length that is a multiple of 16. Likeness is
 * the cosine of two of them. A frame stands for everything of a request but its last user text, the head that made
 * the vector included: within one frame, and nowhere else, two requests can be neighbours.
 */

/** The longest text that is kept, in UTF-16 units; a prompt with a longer one is not indexed. */
export const MAX_NEIGHBOUR_TEXT = 8_192;
/** The most neighbours that may be asked for at once. */
export const MAX_NEIGHBOURS = 32;

export interface NearestQuery {
  readonly vector: Int8Array;
  /** 64 hexadecimal digits. */
  readonly frame: string;
  /** What has expired by then is no neighbour. Milliseconds since 1970. */
  readonly nowMs: number;
  /** At most so many, 1 to `MAX_NEIGHBOURS`. */
  readonly count: number;
  /** The least similarity, −1 to 1. */
  readonly atLeast: number;
}

export interface Neighbour {
  /** The key of the exact cache that the prompt's answer is kept under. */
  readonly id: string;
  /** Cosine, −1 to 1; 0 where a vector is nothing but zeros. */
  readonly similarity: number;
  /** The prompt's last user text. */
  readonly text: string;
  /** As it was given with the entry. */
  readonly epoch: number;
}

export interface NeighbourEntry {
  readonly id: string;
  readonly frame: string;
  readonly vector: Int8Array;
  readonly text: string;
  /** A whole number whose meaning is its giver's. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
}

/**
 * The prompts of one namespace. Nothing here rejects: `unknown` says that nobody answered in time, and whether what was
 * asked for is still done is then not known. All of it may be repeated.
 */
export interface Neighbours {
  /** Best first; of two as near, either. A part of the index that is silent has no neighbours. */
  nearest(query: NearestQuery): Promise<readonly Neighbour[] | "unknown">;
  /**
   * Takes the place of an entry of the same id. `refused`: the text is too long, or the vectors kept here have
   * another length.
   */
  insert(entry: NeighbourEntry): Promise<"kept" | "refused" | "unknown">;
  /** Forgets the entry, if there is one. */
  remove(id: string): Promise<"removed" | "unknown">;
  /** Forgets all entries. */
  erase(): Promise<"erased" | "unknown">;
}
