/** The shelf on a real Redis server, through Upstash's own client and a bridge that speaks Upstash's protocol. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { startRedisBridge, type RedisBridge } from "../../../../scripts/simulation/redis-bridge.ts";
import { startRedis, type RedisServer } from "../../../../scripts/simulation/redis-server.ts";
import { connectRedis } from "../../../../worker/budget/ledger-redis.ts";
import { redisShelf } from "../../../../worker/cache/answers/redis-shelf.ts";
import { shelfContract } from "../../../contract/shelf-contract.ts";
import { isRedisLeftOut, WHY_LEFT_OUT } from "../../../support/node/redis-here.ts";

describe.skipIf(isRedisLeftOut)(`the shelf on Redis${WHY_LEFT_OUT}`, () => {
  let server: RedisServer;
  let bridge: RedisBridge;

  beforeAll(async () => {
    server = await startRedis();
    bridge = await startRedisBridge(server.port);
  });
  afterAll(async () => {
    await bridge?.close();
    await server?.stop();
  });

  shelfContract(() => redisShelf(connectRedis(bridge)));

  it("keeps an entry no longer than it was told to", async ({ expect }) => {
    const client = connectRedis(bridge);
    await redisShelf(client).put("timed", new Uint8Array([1]), 90);
    const left = await client.ttl("answer:timed");
    expect(left).toBeGreaterThan(80);
    expect(left).toBeLessThanOrEqual(90);
  });
});
