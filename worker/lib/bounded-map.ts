/** What was written last, by key: as many entries as there is room for, the one unwritten for longest making it. */
export class BoundedMap<K, V> {
  readonly #room: number;
  /** A map keeps the order in which its keys came. */
  readonly #entries = new Map<K, V>();

  /** @param room Entries, 1 at least. */
  constructor(room: number) {
    this.#room = room;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#room) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}
