/**
 * Which ids a file has used so far, in 18 to 36 bytes an id, so that ten million rows can be checked for
 * doubles. An id is remembered by 64 bits of hash and by the number of its row; the texts are not
 * kept. That two ids share a hash is possible, so a hit is a suspicion that the reader has to confirm.
 *
 * Open addressing with linear search in arrays that double when they are two thirds full.
 */
import { hashText } from "../../worker/lib/prng.ts";

const START_SLOTS = 1 << 10;

export class SeenIds {
  #first = new Uint32Array(START_SLOTS);
  #second = new Uint32Array(START_SLOTS);
  /** Row number by slot, 0 where the slot is free. */
  #rows = new Uint32Array(START_SLOTS);
  #count = 0;

  /** The row (from 1) that probably has the same id; undefined, and remembered, where none has. */
  rowOrRemember(id: string, row: number): number | undefined {
    const [first, second] = [hashText(id), hashText(`${id}\u0000`)];
    const slot = this.#slotOf(first, second);
    if (this.#rows[slot] !== 0) return this.#rows[slot];
    this.#put(slot, { first, second, row });
    if (++this.#count * 3 > this.#rows.length * 2) this.#double();
    return undefined;
  }

  #slotOf(first: number, second: number): number {
    const mask = this.#rows.length - 1;
    let slot = first & mask;
    while (this.#rows[slot] !== 0 && (this.#first[slot] !== first || this.#second[slot] !== second))
      slot = (slot + 1) & mask;
    return slot;
  }

  #put(slot: number, { first, second, row }: { first: number; second: number; row: number }): void {
    this.#first[slot] = first;
    this.#second[slot] = second;
    this.#rows[slot] = row;
  }

  #double(): void {
    const [oldFirst, oldSecond, oldRows] = [this.#first, this.#second, this.#rows];
    this.#first = new Uint32Array(2 * oldRows.length);
    this.#second = new Uint32Array(2 * oldRows.length);
    this.#rows = new Uint32Array(2 * oldRows.length);
    oldRows.forEach((row, at) => {
      if (row === 0) return;
      const [first, second] = [oldFirst[at]!, oldSecond[at]!];
      this.#put(this.#slotOf(first, second), { first, second, row });
    });
  }
}
