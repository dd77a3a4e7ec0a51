/** A KV namespace in memory, which others may write to at any moment. */
import type { KvStore } from "../../scripts/cloudflare/kv-store.ts";

interface MemoryKv extends KvStore {
  readonly values: Map<string, Uint8Array<ArrayBuffer>>;
  /** What happens behind every write. */
  afterPut: () => void;
}

export function memoryKv(isEventual = false): MemoryKv {
  const values = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    isEventual,
    values,
    afterPut() {},
    async get(key) {
      return values.get(key);
    },
    async put(key, value) {
      values.set(key, value);
      this.afterPut();
    },
    async list(prefix) {
      return [...values.keys()].filter((key) => key.startsWith(prefix));
    },
  };
}
