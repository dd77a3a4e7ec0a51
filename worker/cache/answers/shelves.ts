/**
 * The shelves that the platform has: one near by, in each colo, and one behind it that all colos share.
 *
 * The near one is the Cache API, which workers.dev does not have: there it keeps nothing and says nothing. The far
 * one is KV, which may show for a minute that something is not there yet.
 *
 * Sources: https://developers.cloudflare.com/workers/runtime-apis/cache/, …/kv/api/
 */
import { sharedName, type Shelf } from "./shelf.ts";

/** Of this colo. The host is no zone's, so nothing from outside is answered by it. */
export function coloShelf(open: () => Promise<Cache>): Shelf {
  return {
    async get(name) {
      const response = await (await open()).match(addressOf(name));
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async put(name, bytes, ttlS) {
      const headers = { "cache-control": `max-age=${ttlS}` };
      await (await open()).put(addressOf(name), new Response(bytes, { headers }));
    },
  };
}

export function kvShelf(namespace: KVNamespace): Shelf {
  return {
    async get(name) {
      const bytes = await namespace.get(sharedName(name), "arrayBuffer");
      return bytes === null ? undefined : new Uint8Array(bytes);
    },
    async put(name, bytes, ttlS) {
      await namespace.put(sharedName(name), bytes, { expirationTtl: ttlS });
    },
  };
}

function addressOf(name: string): string {
  return `https://answers.invalid/${name}`;
}
