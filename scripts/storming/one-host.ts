/**
 * A storm on one host of the ledger: a vendor; a worker in real workerd, or two in turn before a real Redis behind its
 * bridge; a tenant whose hard budget suffices for some of the requests; all requests at once; then the books.
 *
 * What a request costs is found out by some that another tenant pays for. After the storm the last of the money is
 * spent by ever fewer requests, at last one after the other: the one that is refused meets a ledger that holds nothing,
 * so whether it had to be refused can be told from outside.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import catalogJson from "../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../router-models/catalog.ts";
import { randomFrom } from "../../worker/lib/prng.ts";
import { reconcile } from "../administration/reconciliation.ts";
import { startRedisBridge } from "../simulation/redis-bridge.ts";
import { startRedis } from "../simulation/redis-server.ts";
import { startVendor, type Vendor } from "../vendor.ts";
import { balance, type Books, type KillFacts, type StormFacts } from "./books.ts";
import { Faults } from "./faults.ts";
import { Fleet } from "./fleet.ts";
import { callOnce, type StormResult } from "./one-call.ts";
import {
  makeTenant,
  operatorOf,
  standingOf,
  unbilledCalls,
  type UnbilledCall,
} from "./operator.ts";
import { lastRequest, stormRequests, type StormRequest } from "./requests.ts";

export type StormHost = "object" | "redis";

export interface StormOptions {
  readonly requests: number;
  /** The hard limit is what so many requests cost on average. */
  readonly budgetFor: number;
  readonly concurrency: number;
  /** Share of the requests that is streamed. */
  readonly streams: number;
  readonly isKilled: boolean;
  /** Share of the vendors' calls that go wrong. */
  readonly faults: number;
  readonly seed: number;
  readonly report: (done: number, note: string) => void;
}

export interface StormReport {
  readonly host: StormHost;
  readonly seconds: number;
  /** How many requests were under way at once. */
  readonly concurrency: number;
  readonly facts: StormFacts;
  readonly books: Books;
}

const ADMIN_KEY = "the-operators-secret-of-a-storm";
const TENANT = "storm";
/** A ledger in Durable Objects is its worker's own; Redis is everybody's. */
const WORKERS = { object: 1, redis: 2 };
const SAMPLES = 24;
/** As quick as a real vendor gets; slow enough that a kill meets answers under way. */
const PACE = { ttftMs: 100, tokensPerSecond: 500 };
/** Where leases are waited for, a request may take so long; a hold lapses a minute later (worker/compose.ts). */
const TOTAL_TIMEOUT_MS = 120_000;
const LEASE_GRACE_MS = 60_000;
/** Settlements come after the answers, and are tried again for some seconds. */
const SETTLING_MS = 30_000;
/** What the progress bar calls the storm itself. */
const STORM = "requests";
const POLL_MS = 50;
/** Together they spend a good part of what is left, each time. */
const WAVE = 100;
const MAX_WAVES = 100;

/** Runs it. Rejects where something does not start, or what must be read cannot be. */
export async function stormOn(host: StormHost, options: StormOptions): Promise<StormReport> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-storm-"));
  const faults = new Faults(options.faults, randomFrom(options.seed + 3));
  const vendor = await startVendor({
    pace: PACE,
    seed: options.seed,
    keptRequests: 1,
    drawFault: () => faults.draw(),
  });
  const redis = host === "redis" ? await startRedis({ isDurable: true }) : undefined;
  const bridge = redis && (await startRedisBridge(redis.port));
  const fleet = new Fleet({
    vendorUrl: vendor.url,
    folder,
    bridge,
    adminKey: ADMIN_KEY,
    ...(options.isKilled && { totalTimeoutMs: TOTAL_TIMEOUT_MS }),
  });
  const storm = new Storm({ vendor, faults, fleet, workers: WORKERS[host], options });
  try {
    const startedMs = performance.now();
    const facts = await storm.run();
    const { models } = parseCatalog(catalogJson);
    const rates = new Map(models.map(({ id, price }) => [id, price.outputUsdPerMTok]));
    const seconds = (performance.now() - startedMs) / 1_000;
    const { concurrency } = options;
    return { host, seconds, concurrency, facts, books: balance(facts, rates) };
  } finally {
    await storm.close();
    await vendor.close();
    await bridge?.close();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly vendor: Vendor;
  readonly faults: Faults;
  readonly fleet: Fleet;
  /** How many of them take the storm. */
  readonly workers: number;
  readonly options: StormOptions;
}

class Storm {
  readonly #place: Place;
  readonly #agent: Agent;
  #done = 0;

  constructor(place: Place) {
    this.#place = place;
    this.#agent = new Agent({ keepAlive: true, maxSockets: place.options.concurrency });
  }

  async run(): Promise<StormFacts> {
    const { options, vendor, faults, fleet, workers } = this.#place;
    const { requests, budgetFor, streams, seed, isKilled } = options;
    this.#note("starting the worker");
    await fleet.start();
    const limit = Math.ceil((await this.#meanMicroUsd()) * budgetFor);
    vendor.bill.clear();
    const { key } = await makeTenant(this.#operator(), { id: TENANT, limitMicroUsd: limit });
    const asked = stormRequests(requests, { streams, random: randomFrom(seed) });
    if (workers > 1) await fleet.grow(workers);
    faults.isOn = true;
    const [results, kill] = isKilled
      ? await this.#killed(key, asked)
      : ([await this.#callAll(key, asked, { note: STORM }), undefined] as const);
    faults.isOn = false;
    await this.#settled(key, SETTLING_MS);
    const last = await this.#spendTheRest(key);
    const ledger = await this.#settled(key, SETTLING_MS);
    const unbilled = await this.#unbilled();
    await this.#settleByBill(unbilled);
    return {
      limit,
      results,
      last,
      ledger,
      unbilled,
      reconciled: await this.#settled(key, SETTLING_MS),
      lines: vendor.bill.lines,
      isFaulty: options.faults > 0,
      openCalls: vendor.bill.open,
      lostSettlements: fleet.lostSettlements,
      ...(kill !== undefined && { kill }),
    };
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#place.fleet.kill();
  }

  #operator() {
    return operatorOf(this.#place.fleet.urlOf(0), ADMIN_KEY);
  }

  #note(note: string): void {
    this.#place.options.report(this.#done, note);
  }

  /** What a request costs, by a sample of the same kind that nothing limits. */
  async #meanMicroUsd(): Promise<number> {
    const { streams, seed } = this.#place.options;
    const { key } = await makeTenant(this.#operator(), { id: "sample" });
    const asked = stormRequests(SAMPLES, { streams, random: randomFrom(seed + 1) });
    const results = await this.#callAll(key, asked, { note: "what a request costs" });
    this.#done = 0;
    const costs = results.flatMap(({ costMicroUsd }) => costMicroUsd ?? []);
    if (costs.length < SAMPLES)
      throw new Error(`Of the sample ${results.at(0)?.detail} was answered.`);
    return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  }

  async #callAll(
    key: string,
    asked: readonly StormRequest[],
    { note, onResult }: { note: string; onResult?: (results: readonly StormResult[]) => void },
  ): Promise<StormResult[]> {
    const { fleet } = this.#place;
    const results: StormResult[] = [];
    const waiting = asked.values();
    const client = async (): Promise<void> => {
      for (const request of waiting) {
        const url = fleet.urlOf(request.number);
        results.push(await callOnce({ url, key, agent: this.#agent }, request));
        this.#done += 1;
        this.#note(note);
        onResult?.(results);
      }
    };
    await Promise.all(Array.from({ length: this.#place.options.concurrency }, client));
    return results;
  }

  /** Half of the requests, a kill in their middle, a worker that goes on over the same storage, and the others. */
  async #killed(
    key: string,
    asked: readonly StormRequest[],
  ): Promise<readonly [StormResult[], KillFacts]> {
    const half = Math.ceil(asked.length / 2);
    const enough = Math.ceil(this.#place.options.budgetFor / 10);
    const killing = Promise.withResolvers<void>();
    let before: Promise<{ spent: number; held: number }> | undefined;
    const { fleet } = this.#place;
    const url = fleet.urlOf(0);
    function onResult(results: readonly StormResult[]): void {
      const answered = results.filter(({ costMicroUsd }) => costMicroUsd !== undefined).length;
      if (answered < enough || before !== undefined) return;
      before = standingOf({ url, key });
      void before.then(() => fleet.kill()).then(killing.resolve, killing.reject);
    }
    const first = this.#callAll(key, asked.slice(0, half), { note: STORM, onResult });
    const results = await first;
    if (before === undefined) throw new Error("Too few requests were answered to kill the worker.");
    await killing.promise;
    const killedMs = performance.now();
    const paidBefore = results.reduce((sum, { costMicroUsd = 0 }) => sum + costMicroUsd, 0);
    this.#note("starting anew");
    await fleet.start();
    const after = await standingOf({ url: fleet.urlOf(0), key });
    results.push(...(await this.#callAll(key, asked.slice(half), { note: STORM })));
    const leaseMs = TOTAL_TIMEOUT_MS + LEASE_GRACE_MS - (performance.now() - killedMs);
    this.#note("until the leases of the killed end");
    await sleep(Math.max(leaseMs, 0));
    const lapsed = await this.#settled(key, SETTLING_MS);
    const holds = (await this.#unbilled()).filter(({ isLapsed }) => isLapsed);
    await this.#settleByBill(holds);
    return [results, { before: await before, after, paidBefore, lapsed, holds }] as const;
  }

  #unbilled(): Promise<readonly UnbilledCall[]> {
    return unbilledCalls(this.#operator(), TENANT);
  }

  /** At 0 where a request never came to the vendor. */
  async #settleByBill(calls: readonly UnbilledCall[]): Promise<void> {
    const lines = Map.groupBy(this.#place.vendor.bill.lines, ({ requestId }) => requestId);
    const sums = calls.map(({ requestId }): [string, number] => {
      const own = lines.get(requestId) ?? [];
      return [requestId, own.reduce((sum, { microUsd }) => sum + microUsd, 0) / 1e6];
    });
    const asked = { organisation: TENANT, bill: new Map(sums) };
    await reconcile(this.#operator(), asked, () => {});
  }

  /** The standing once nothing is held, or when that has taken too long. Requests that only decide end what has expired. */
  async #settled(key: string, patienceMs: number): Promise<{ spent: number; held: number }> {
    const door = { url: this.#place.fleet.urlOf(0), key };
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      const standing = await standingOf(door);
      const isOver = standing.held === 0 && this.#place.vendor.bill.open === 0;
      if (isOver || performance.now() > untilMs) return standing;
      await nudge(door);
      await sleep(POLL_MS);
    }
  }

  /** Waves, while anything of them is answered; then one after the other. */
  async #spendTheRest(key: string): Promise<StormResult[]> {
    const { streams, seed, budgetFor } = this.#place.options;
    const random = randomFrom(seed + 2);
    const results: StormResult[] = [];
    for (let wave = 0, size = Math.min(WAVE, budgetFor); wave < MAX_WAVES; wave++) {
      await this.#settled(key, SETTLING_MS);
      const asked = size === 1 ? [lastRequest(wave)] : stormRequests(size, { streams, random });
      const answers = await this.#callAll(key, asked, { note: "the last cents" });
      results.push(...answers);
      if (answers.some(({ costMicroUsd }) => costMicroUsd !== undefined)) continue;
      if (size === 1) break;
      size = 1;
    }
    return results;
  }
}

async function nudge({ url, key }: { url: string; key: string }): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-sluice-dry-run": "true",
    },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hi" }] }),
  });
  await response.text();
}
