/**
 * What a ledger adds to a request, on both of its hosts.
 *
 * Two parts: a streamed answer of the simulated vendor, to its first text and to its end, for a key that nothing
 * limits and for one with a hard budget; and one reservation with its settlement, in a worker that does nothing
 * else. Durable Objects write to disk, and so does Redis, before each answer. Everything is on this machine: there is
 * no network between an isolate and its ledger, which a deployment has.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { timedCall } from "../gateway/timed-call.ts";
import { inTurns, type TurnOptions, type TurnRow, type Way } from "../report/in-turns.ts";
import { startLocalWorker, type LocalWorker } from "../simulation/local-worker.ts";
import { startRedisBridge, type RedisBridge } from "../simulation/redis-bridge.ts";
import { startRedis } from "../simulation/redis-server.ts";
import { spawnVendor } from "../simulation/spawned-vendor.ts";
import { makeTenant, operatorOf } from "../storming/operator.ts";

const ADMIN_KEY = "the-operators-secret-of-a-bench";
const API_KEY = "a-key-that-nothing-limits";
/** Never spent here. */
const LIMIT_MICRO_USD = 1e12;
const MODEL = "mistral/mistral-large-2512";
/** Reserves and settles, and nothing else. */
const BARE = fileURLToPath(new URL("../../test/bench/ledger-worker.ts", import.meta.url));

/** Runs both parts. Rejects where there is no redis-server, or an answer is not whole. */
export async function compareLedgers(options: TurnOptions): Promise<TurnRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-ledgers-"));
  const redis = await startRedis({ isDurable: true });
  const bridge = await startRedisBridge(redis.port);
  try {
    return [
      ...(await wholeRequests({ folder, bridge }, options)),
      ...(await ledgersAlone({ folder, bridge }, options)),
    ];
  } finally {
    await bridge.close();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly bridge: RedisBridge;
}

async function wholeRequests(place: Place, options: TurnOptions): Promise<TurnRow[]> {
  const vendor = await spawnVendor(0);
  const workers: LocalWorker[] = [];
  try {
    for (const host of ["object", "redis"] as const)
      workers.push(
        await startLocalWorker({
          vendorUrl: vendor.url,
          persist: join(place.folder, host),
          logLevel: "error",
          vars: {
            SLUICE_API_KEY: API_KEY,
            SLUICE_ADMIN_KEY: ADMIN_KEY,
            SLUICE_KEY_SECRET: "what-the-keys-of-a-bench-are-hashed-with",
            LOG_LEVEL: "error",
            ...(host === "redis" && redisVars(place.bridge)),
          },
        }),
      );
    const [object, redis] = workers.map(({ directUrl }) => directUrl);
    const ways = [
      wayThrough("no budget", object!, API_KEY),
      wayThrough("Durable Object", object!, await limitedKey(object!)),
      wayThrough("Redis", redis!, await limitedKey(redis!)),
    ];
    const parts = ["a stream, to its first text", "a stream, to its end"];
    return await inTurns(ways, parts, options);
  } finally {
    for (const worker of workers) await worker.close();
    vendor.stop();
  }
}

function redisVars({ url, token }: RedisBridge): Record<string, string> {
  return { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token };
}

async function limitedKey(url: string): Promise<string> {
  const tenant = { id: "bench", limitMicroUsd: LIMIT_MICRO_USD };
  return (await makeTenant(operatorOf(url, ADMIN_KEY), tenant)).key;
}

function wayThrough(name: string, url: string, key: string): Way {
  const headers = { authorization: `Bearer ${key}` };
  const target = { name, url: `${url}/v1/chat/completions`, model: MODEL, headers };
  return {
    name,
    async run(round) {
      const content = `Question ${round}: why does a boat rise in a lock?`;
      const { firstTextMs = Number.NaN, totalMs } = await timedCall(target, {
        content,
        stream: true,
      });
      return [firstTextMs, totalMs];
    },
  };
}

async function ledgersAlone(place: Place, options: TurnOptions): Promise<TurnRow[]> {
  const worker = await startLocalWorker({
    entrypoint: BARE,
    vendorUrl: "http://127.0.0.1:9",
    persist: join(place.folder, "bare"),
    logLevel: "error",
    vars: redisVars(place.bridge),
  });
  try {
    const ways = [
      wayAlone("a request that asks no ledger", `${worker.directUrl}/?host=none`),
      wayAlone("Durable Object", `${worker.directUrl}/?host=object`),
      wayAlone("Redis", `${worker.directUrl}/?host=redis`),
    ];
    return await inTurns(ways, ["reserve and settle alone"], options);
  } finally {
    await worker.close();
  }
}

function wayAlone(name: string, url: string): Way {
  return {
    name,
    async run() {
      const startedMs = performance.now();
      const response = await fetch(url, { method: "POST" });
      const text = await response.text();
      if (!response.ok) throw new Error(`The bench worker answered ${response.status}: ${text}`);
      return [performance.now() - startedMs];
    },
  };
}
