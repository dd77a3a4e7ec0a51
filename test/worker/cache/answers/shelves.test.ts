/** The shelves that the platform has: one for each colo, and KV. */
import { env } from "cloudflare:test";
import { describe } from "vitest";
import { coloShelf, kvShelf } from "../../../../worker/cache/answers/shelves.ts";
import { shelfContract } from "../../../contract/shelf-contract.ts";

describe("the shelf of a colo", () => {
  const shelf = coloShelf(async () => caches.open("shelf-contract"));
  shelfContract(() => shelf);
});

describe("the shelf in KV", () => {
  const shelf = kvShelf(env.ANSWERS);
  shelfContract(() => shelf);
});
