/** The bridge, held against what Upstash's client expects of Upstash when it is left to its own settings. */
import { Redis } from "@upstash/redis/cloudflare";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startRedisBridge, type RedisBridge } from "../../../scripts/simulation/redis-bridge.ts";
import { startRedis, type RedisServer } from "../../../scripts/simulation/redis-server.ts";
import { isRedisLeftOut, WHY_LEFT_OUT } from "../../support/node/redis-here.ts";

describe.skipIf(isRedisLeftOut)(`the bridge to Redis${WHY_LEFT_OUT}`, () => {
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

  it.for([true, false])(
    "carries any text unharmed (batched: %s)",
    async (isBatched, { expect }) => {
      const redis = new Redis({ ...bridge, enableAutoPipelining: isBatched, retry: false });
      const texts = ["", "OK", "a\r\nb\0c", "ü 💸 {x}", "123", "x".repeat(200_000)];
      await redis.rpush(`texts-${isBatched}`, ...texts);
      const [back, nothing] = await Promise.all([
        redis.lrange(`texts-${isBatched}`, 0, -1),
        redis.get("nothing"),
      ]);
      // The client reads what looks like a number as one.
      expect(back).toEqual(texts.map((text) => (text === "123" ? 123 : text)));
      expect(nothing).toBeNull();
    },
  );

  it("runs a transaction as one", async ({ expect }) => {
    const redis = new Redis({ ...bridge, retry: false });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => redis.multi().incr("n").incr("n").exec<[number, number]>()),
    );
    for (const [first, second] of answers) expect(second).toBe(first + 1);
  });

  it("tells an error as the server does", async ({ expect }) => {
    const redis = new Redis({ ...bridge, retry: false, enableAutoPipelining: false });
    await redis.set("text", "x");
    await expect(redis.incr("text")).rejects.toThrow(/ERR value is not an integer/);
    const answers = await redis.pipeline().incr("text").get("text").exec({ keepErrors: true });
    expect(answers).toMatchObject([{ error: /not an integer/ }, { result: "x" }]);
  });

  it("serves nobody without the token", async ({ expect }) => {
    const { status } = await fetch(bridge.url, { method: "POST", body: '["PING"]' });
    expect(status).toBe(401);
  });

  it("finds a server again that has come back", async ({ expect }) => {
    const redis = new Redis({ ...bridge, retry: false, enableAutoPipelining: false });
    await server.kill();
    await expect(redis.ping()).rejects.toThrow();
    await server.restart();
    expect(await redis.ping()).toBe("PONG");
  });
});
