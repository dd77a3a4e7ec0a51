/** The ledger on a real Redis server, through Upstash's own client and a bridge that speaks Upstash's protocol. */
import { afterAll, beforeAll, describe, it, onTestFinished } from "vitest";
import { startRedisBridge, type RedisBridge } from "../../../scripts/simulation/redis-bridge.ts";
import { startRedis, type RedisServer } from "../../../scripts/simulation/redis-server.ts";
import { connectRedis, redisLedger } from "../../../worker/budget/ledger-redis.ts";
import { UNBILLED_KEPT_MS, SETTLED_KEPT_MS } from "../../../worker/budget/ledger-state.ts";
import type { Ledger } from "../../../worker/domain/ledger.ts";
import { requireAgreement } from "../../contract/ledger-agreement.ts";
import { account, ledgerContract } from "../../contract/ledger-contract.ts";
import { isRedisLeftOut, WHY_LEFT_OUT } from "../../support/node/redis-here.ts";

const T0 = 1_700_000_000_000;

describe.skipIf(isRedisLeftOut)(`the ledger on Redis${WHY_LEFT_OUT}`, () => {
  let server: RedisServer;
  let bridge: RedisBridge;
  let count = 0;

  beforeAll(async () => {
    server = await startRedis();
    bridge = await startRedisBridge(server.port);
  });
  afterAll(async () => {
    await bridge?.close();
    await server?.stop();
  });

  async function open(): Promise<Ledger> {
    return redisLedger(connectRedis(bridge), `organisation-${count++}`);
  }

  ledgerContract(open);

  it("answers what the core answers", async ({ expect }) => {
    await requireAgreement(open, (actual, expected) => expect(actual).toEqual(expected));
  });

  it("refuses nobody for holds that have expired, however many they are", async ({ expect }) => {
    const ledger = await open();
    const seats = account("s", { unit: "concurrent", limit: 1_000 });
    const draws = [{ account: seats, amount: 4 }];
    const lease = { gates: [], nowMs: T0, expiresMs: T0 + 1 };
    await Promise.all(
      Array.from({ length: 250 }, (_, at) => ledger.reserve({ id: `r${at}`, draws, ...lease })),
    );
    const all = { id: "all", draws: [{ account: seats, amount: 1_000 }], gates: [] };
    const asked = { ...all, nowMs: T0 + 1, expiresMs: T0 + 2 };
    expect((await ledger.reserve(asked)).kind).toBe("held");
    expect(await ledger.read([seats])).toEqual([{ name: "s", spent: 0, held: 1_000 }]);
  });

  it("keeps organisations apart, and each in one slot of a cluster", async ({ expect }) => {
    const redis = connectRedis(bridge);
    const money = account("m", { limit: 10 });
    const draws = [{ account: money, amount: 10 }];
    const lease = { gates: [], nowMs: T0, expiresMs: T0 + 1 };
    for (const name of ["apart-1", "apart-2"])
      expect((await redisLedger(redis, name).reserve({ id: "a", draws, ...lease })).kind).toBe(
        "held",
      );
    await redisLedger(redis, "apart-1").settle({ id: "a", draws, nowMs: T0 });
    const keys = await redis.keys("sluice:{apart-1}:*");
    expect(keys.toSorted()).toEqual(["sluice:{apart-1}:accounts", "sluice:{apart-1}:settled:a"]);
  });

  it("gives what grows with the traffic a time to live, and forgets what has lapsed long ago", async ({
    expect,
  }) => {
    const redis = connectRedis(bridge);
    const ledger = redisLedger(redis, "kept");
    const draws = [{ account: account("m"), amount: 1 }];
    const lease = { draws, gates: [], nowMs: T0, expiresMs: T0 + 1 };
    await ledger.settle({ id: "settled", draws, nowMs: T0 });
    const leftMs = await redis.pttl("sluice:{kept}:settled:settled");
    expect(leftMs).toBeGreaterThan(SETTLED_KEPT_MS / 2);
    expect(leftMs).toBeLessThanOrEqual(SETTLED_KEPT_MS);
    await ledger.reserve({ id: "lapsed", ...lease });
    await ledger.shut("key:k", T0 + 1);
    await ledger.lapse(T0 + 1);
    expect(await ledger.unbilled()).toHaveLength(1);
    await ledger.lapse(T0 + 1 + UNBILLED_KEPT_MS);
    expect(await redis.keys("sluice:{kept}:*")).toEqual(
      expect.arrayContaining(["sluice:{kept}:accounts", "sluice:{kept}:settled:settled"]),
    );
    expect(await redis.keys("sluice:{kept}:*")).toHaveLength(2);
  });

  it("goes on when Redis has forgotten its scripts", async ({ expect }) => {
    const ledger = await open();
    await ledger.read([]);
    await connectRedis(bridge).scriptFlush();
    expect(await ledger.read([account("m")])).toEqual([{ name: "m", spent: 0, held: 0 }]);
  });

  it("rejects when Redis cannot be reached, and says neither token nor command", async ({
    expect,
  }) => {
    const wrong = redisLedger(connectRedis({ ...bridge, token: "wrong-token" }), "o");
    const failure: unknown = await wrong.read([account("m")]).catch((error: unknown) => error);
    expect(String(failure)).toContain("The ledger's read failed on Redis: Unauthorized");
    expect(String(failure)).not.toContain("wrong-token");
    expect(String(failure)).not.toContain("evalsha");
  });

  it("loses nothing that it has acknowledged when the server is killed", async ({ expect }) => {
    const durable = await startRedis({ isDurable: true });
    onTestFinished(() => durable.stop());
    const front = await startRedisBridge(durable.port);
    onTestFinished(() => front.close());
    const ledger = redisLedger(connectRedis(front), "storm");
    const money = account("m", { limit: 10_000 });
    const lease = { gates: [], nowMs: T0, expiresMs: T0 + 60_000 };
    /** Reserves 10, and settles all but every third to 7. */
    function reserve(at: number) {
      return ledger.reserve({ id: `r${at}`, draws: [{ account: money, amount: 10 }], ...lease });
    }
    function settle(at: number) {
      return ledger.settle({ id: `r${at}`, draws: [{ account: money, amount: 7 }], nowMs: T0 });
    }
    const requests = Array.from({ length: 300 }, (_, at) => at);
    const held = new Set<number>();
    const settled = new Set<number>();
    const killed = Promise.withResolvers<void>();
    const storm = requests.map(async (at) => {
      // The last ten come too late for the server, however fast it was.
      if (at >= 290) await killed.promise;
      await reserve(at);
      held.add(at);
      if (at % 3 === 0) return;
      await settle(at);
      settled.add(at);
      if (settled.size === 50) killed.resolve(durable.kill());
    });
    const outcomes = await Promise.allSettled(storm);
    await durable.restart();

    const isUnsure = outcomes.map(({ status }) => status === "rejected");
    expect(isUnsure.filter(Boolean).length).toBeGreaterThan(0);
    const after = await ledger.read([money]);
    const unsureSpent = requests.filter((at) => at % 3 !== 0 && isUnsure[at]).length;
    for (const { spent, held: stillHeld } of after) {
      expect(spent).toBeGreaterThanOrEqual(7 * settled.size);
      expect(spent).toBeLessThanOrEqual(7 * (settled.size + unsureSpent));
      expect(spent + stillHeld).toBeLessThanOrEqual(10_000);
    }
    for (const { isRepeat } of await Promise.all([...settled].map(settle)))
      expect(isRepeat).toBe(true);
    const unsettled = [...held].filter((at) => at % 3 === 0);
    for (const { kind } of await Promise.all(unsettled.map(reserve))) expect(kind).toBe("held");
    expect(await ledger.read([money])).toEqual(after);

    // Whoever was left without an answer asks again, and the totals are as if nothing had happened.
    await Promise.all(
      requests.map(async (at) => {
        if (isUnsure[at]) await reserve(at);
        if (isUnsure[at] && at % 3 !== 0) await settle(at);
      }),
    );
    expect(await ledger.read([money])).toEqual([{ name: "m", spent: 200 * 7, held: 100 * 10 }]);
  });
});
