/**
 * The shelf in Redis, which all colos share, for those who keep their state there. Upstash speaks JSON, so bytes are
 * base64.
 *
 * Source: https://upstash.com/docs/redis/sdks/ts/commands/string/set
 */
import { sharedName, type Shelf } from "./shelf.ts";

/** A client that gives back what it was given, without reading JSON into it. */
interface RedisClient {
  get(name: string): Promise<unknown>;
  set(name: string, text: string, options: { ex: number }): Promise<unknown>;
}

export function redisShelf(client: RedisClient): Shelf {
  return {
    async get(name) {
      const text = await client.get(sharedName(name));
      if (typeof text !== "string") return undefined;
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    },
    async put(name, bytes, ttlS) {
      await client.set(sharedName(name), base64Of(bytes), { ex: ttlS });
    },
  };
}

/** Characters that are made at once: a call takes only so many arguments. */
const PIECE = 1 << 13;

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
