/**
 * The workers of a storm. A ledger in Durable Objects lives in its worker's own storage, so there it is one; on Redis
 * it is several, each a process with isolates of its own, and all of them ask one ledger.
 *
 * The others begin with a copy of the first one's storage, so that all of them know the same tenants and keys.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { RedisBridge } from "../simulation/redis-bridge.ts";
import { spawnWorker, type SpawnedWorker } from "../simulation/spawned-worker.ts";

export interface FleetOptions {
  readonly vendorUrl: string;
  /** Where the workers' storage lives. */
  readonly folder: string;
  readonly bridge: RedisBridge | undefined;
  readonly adminKey: string;
  /** How long a request may take; as the deployment has it when left out. */
  readonly totalTimeoutMs?: number;
}

/** A machine that has thousands of answers to read reads the last of them late; that is no vendor's fault. */
export const UNHURRIED = {
  CONNECT_TIMEOUT_MS: "300000",
  FIRST_BYTE_TIMEOUT_MS: "300000",
  ANSWER_TIMEOUT_MS: "300000",
  IDLE_TIMEOUT_MS: "300000",
  CIRCUITS: "off",
};

export class Fleet {
  readonly #options: FleetOptions;
  #size = 1;
  #workers: readonly SpawnedWorker[] = [];
  /** Settlements that were given up, as the workers have logged them. */
  lostSettlements = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Starts all of them, after a kill over the storage that they had. */
  async start(): Promise<void> {
    const folders = Array.from({ length: this.#size }, (_, at) => this.#folder(at));
    const spawned = await Promise.allSettled(folders.map((folder) => this.#spawn(folder)));
    this.#workers = spawned.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    const failure = spawned.find((end) => end.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }

  /** Ends the first and starts `size` of them, which know what it knew. */
  async grow(size: number): Promise<void> {
    await this.kill();
    for (let at = this.#size; at < size; at++)
      await cp(this.#folder(0), this.#folder(at), { recursive: true });
    this.#size = size;
    await this.start();
  }

  /** SIGKILL to all. */
  async kill(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    this.#workers = [];
  }

  /** Of the worker whose turn it is. */
  urlOf(turn: number): string {
    const worker = this.#workers[turn % this.#workers.length];
    if (worker === undefined) throw new Error("The workers have not been started.");
    return worker.url;
  }

  #folder(at: number): string {
    return join(this.#options.folder, String(at));
  }

  #spawn(folder: string): Promise<SpawnedWorker> {
    const { vendorUrl, bridge, adminKey, totalTimeoutMs } = this.#options;
    return spawnWorker({
      vendorUrl,
      persist: folder,
      logLevel: "log", // Or its own log is not printed at all.
      vars: {
        SLUICE_ADMIN_KEY: adminKey,
        SLUICE_KEY_SECRET: "what-the-keys-of-a-storm-are-hashed-with",
        ...UNHURRIED,
        ...(totalTimeoutMs !== undefined && { TOTAL_TIMEOUT_MS: String(totalTimeoutMs) }),
        LOG_LEVEL: "error",
        ...(bridge && {
          UPSTASH_REDIS_REST_URL: bridge.url,
          UPSTASH_REDIS_REST_TOKEN: bridge.token,
        }),
      },
      onOutput: (text) => {
        this.lostSettlements += text.split('"settlement_lost"').length - 1;
      },
    });
  }
}
