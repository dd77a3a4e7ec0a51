/**
 * Published releases in KV: a rollout that points at them (router-models/rollout.ts), and blobs under their content's
 * id (release.ts).
 *
 * KV is eventually consistent and has caches of its own: a reader may see the new rollout before the
 * new blob, and either up to a minute late. Both reads are plain data movement; what they mean is
 * decided in router-host.ts.
 */
import { blobKey, POINTER_KEY } from "../../router-models/release.ts";

/** Where a host looks for newer weights. Both reject when the store cannot be reached. */
export interface WeightsStore {
  /** The rollout's text, or undefined when nothing was ever published. */
  readPointer(): Promise<string | undefined>;
  /** The blob of a release, or undefined when it is not (yet) there. */
  readBlob(id: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** KV serves a read from its edge cache this long; the least that it accepts. */
const POINTER_CACHE_SECONDS = 30;

export function kvWeightsStore(kv: KVNamespace): WeightsStore {
  return {
    async readPointer() {
      const text = await kv.get(POINTER_KEY, { type: "text", cacheTtl: POINTER_CACHE_SECONDS });
      return text ?? undefined;
    },
    async readBlob(id) {
      const buffer = await kv.get(blobKey(id), "arrayBuffer");
      return buffer === null ? undefined : new Uint8Array(buffer);
    },
  };
}
