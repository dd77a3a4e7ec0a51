/**
 * The index of neighbours in real workerd: how long a lookup takes inside its object and from an isolate, alone and
 * while entries come in, over ten shards, what an entry takes of memory, and how soon a new instance answers.
 *
 * All is timed from outside. Of a batch of lookups within one call of the object, and of a single one through
 * the client that requests use, the median of the same without a lookup is taken off. Vectors point in all directions
 * alike and each query lies near one of them; nothing that the search does depends on that but what it finds.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { workerdCpuMs, workerdPids } from "../cloudflare/process-cpu.ts";
import type { BenchRow } from "../report/bench-table.ts";
import { median, quantile } from "../report/quantiles.ts";
import { startLocalWorker } from "../simulation/local-worker.ts";

const BENCH = fileURLToPath(new URL("../../test/bench/neighbours-worker.ts", import.meta.url));

const SHARD_ENTRIES = 100_000;
const SHARDS = 10;
/** Entries that one request inserts. */
const FILL_AT_ONCE = 5_000;
const BATCHES = 60;
/** Lookups of a batch. */
const TIMES = 20;
const SINGLES = 300;
const RESTARTS = 5;
/** Rounds before the first that counts: workerd compiles. */
const WARM_UP = 10;
/** A shard that did not answer in time is left alone for two seconds. */
const SILENCE_MS = 2_100;
/** The promise: one object, 100,000 entries, median. */
const TARGET_MS = 2;

/** How often `report` is called. */
export const NEIGHBOUR_STEPS = 6 + RESTARTS;

type Report = (note: string) => void;
type Query = Readonly<Record<string, string | number>>;

interface Shape {
  readonly shard: string;
  readonly dims: number;
  readonly count: number;
  readonly frames: number;
}

/** One shard each, but for the namespace of a million. */
const PLAIN: Shape = { shard: "plain/0", dims: 64, count: SHARD_ENTRIES, frames: 1 };
const LONG: Shape = { ...PLAIN, shard: "long/0", dims: 128 };
const FRAMES: Shape = { ...PLAIN, shard: "frames/0", frames: 1_000 };

export async function measureNeighbours(report: Report): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-neighbours-"));
  try {
    const bench = new Bench(folder);
    return [...(await bench.oneShard(report)), ...(await bench.million(report))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Bench {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  oneShard(report: Report): Promise<BenchRow[]> {
    return this.#inWorker(async (url) => {
      const rows: BenchRow[] = [];
      for (const shape of [PLAIN, LONG, FRAMES]) await fill(url, shape);
      report("filled three shards");
      const names = [
        [PLAIN, 0.8, `lookup among 100,000 × ${PLAIN.dims}, in the object`],
        [PLAIN, -1, "  however unlike"],
        [LONG, 0.8, `lookup among 100,000 × ${LONG.dims}, in the object`],
        [FRAMES, 0.8, "lookup in one of 1,000 frames"],
      ] as const;
      for (const [shape, atLeast, name] of names)
        rows.push({
          ...row(name, await batches(url, { ...shape, atLeast })),
          ...(name.endsWith("object") && { target: TARGET_MS }),
        });
      report("lookups in the object");
      const asked = { ...PLAIN, namespace: "plain", atLeast: 0.8 };
      rows.push(row("lookup from an isolate", await singles(url, { ...asked, do: "lookup" })));
      rows.push(row("insertion from an isolate", await singles(url, insertion("fresh"))));
      rows.push(...(await whileInserting(url, asked)));
      report("from an isolate");
      rows.push(row("new instance, 100,000 × 64, until it answers", await restarts(url, report)));
      return rows;
    });
  }

  async million(report: Report): Promise<BenchRow[]> {
    const shards = Array.from({ length: SHARDS }, (_, index) => ({
      ...PLAIN,
      shard: `million/${index}`,
      from: index * SHARD_ENTRIES,
    }));
    await this.#inWorker(async (url) => {
      for (const shard of shards) await fill(url, shard);
      await ask(url, { do: "open", shard: "million/0", shards: SHARDS });
    });
    report("filled ten shards");
    return this.#inWorker(async (url) => {
      const beforeBytes = await residentBytes();
      for (const { shard } of shards) await untilRead(url, shard);
      const bytes = (await residentBytes()) - beforeBytes;
      report("read ten shards");
      const count = SHARDS * SHARD_ENTRIES;
      const asked = { ...PLAIN, count, namespace: "million", atLeast: 0.8, do: "lookup" };
      const times = await singles(url, asked);
      report("lookups over ten shards");
      return [
        row("lookup among 1,000,000 × 64 in ten shards, from an isolate", times),
        {
          name: "memory of an entry of 64, by the process",
          unit: "bytes each",
          value: bytes / count,
        },
      ];
    });
  }

  async #inWorker<T>(work: (url: string) => Promise<T>): Promise<T> {
    const worker = await startLocalWorker({
      entrypoint: BENCH,
      vendorUrl: "http://127.0.0.1:9",
      persist: this.#folder,
      logLevel: "none",
    });
    try {
      return await work(worker.directUrl);
    } finally {
      await worker.close();
    }
  }
}

function row(name: string, { times, cpu }: Measured): BenchRow {
  const quantiles = { p90: quantile(times, 0.9), p99: quantile(times, 0.99) };
  return { name, unit: "ms", value: median(times), quantiles, cpu };
}

interface Exchange {
  /** How long the request took, and how long workerd computed meanwhile. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly said: unknown;
}

async function ask(url: string, query: Query): Promise<Exchange> {
  const asked = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)]),
  );
  const cpuBeforeMs = workerdCpuMs(process.pid);
  const startedMs = performance.now();
  const response = await fetch(`${url}/?${asked.toString()}`, { method: "POST" });
  const text = await response.text();
  const ms = performance.now() - startedMs;
  const cpuMs = workerdCpuMs(process.pid) - cpuBeforeMs;
  if (!response.ok) throw new Error(`The bench worker answered ${response.status}: ${text}`);
  return { ms, cpuMs, said: JSON.parse(text) };
}

async function fill(url: string, { from = 0, ...shape }: Shape & { from?: number }): Promise<void> {
  for (let done = 0; done < shape.count; done += FILL_AT_ONCE)
    await ask(url, { ...shape, do: "fill", from: from + done, count: FILL_AT_ONCE });
}

/** Milliseconds of each measurement, and of workerd's CPU time in their median. */
interface Measured {
  readonly times: readonly number[];
  readonly cpu: number;
}

/** A lookup in its object: means of batches. */
async function batches(url: string, query: Query): Promise<Measured> {
  return measured(url, BATCHES, (batch) => ({
    ...query,
    do: "repeat",
    times: TIMES,
    seed: 1_000 * (batch + WARM_UP + 1),
  }));
}

/** One lookup or insertion, as a request makes it. */
async function singles(url: string, query: Query): Promise<Measured> {
  return measured(url, SINGLES, (single) => ({ ...query, times: 1, seed: 1_000_000 + single }));
}

/** Each request beside an idle one, whose median is taken off. */
async function measured(
  url: string,
  count: number,
  request: (round: number) => Query,
): Promise<Measured> {
  const idle: Exchange[] = [];
  const busy: Exchange[] = [];
  for (let round = -WARM_UP; round < count; round++) {
    const query = request(round);
    const without = await ask(url, { ...query, idle: 1 });
    const exchange = await ask(url, query);
    if (exchange.said === "unknown") await sleep(SILENCE_MS);
    if (round < 0) continue;
    idle.push(without);
    busy.push(exchange);
  }
  const silent = busy.filter(({ said }) => said === "unknown").length;
  if (silent > count / 20)
    throw new Error(`${silent} of ${count} lookups were not answered in time`);
  const times = Number(request(0)["times"]);
  const idleMs = median(idle.map(({ ms }) => ms));
  const cpuMs =
    median(busy.map(({ cpuMs: own }) => own)) - median(idle.map(({ cpuMs: own }) => own));
  return { times: busy.map(({ ms }) => (ms - idleMs) / times), cpu: cpuMs / times };
}

function insertion(namespace: string): Query {
  return { do: "insert", namespace, dims: 64, frames: 1 };
}

/** The same lookups, with insertions into the same shard one after the other beside them. */
async function whileInserting(url: string, asked: Query): Promise<BenchRow[]> {
  const state = { isOver: false, inserted: 0 };
  // What makes room: the shard is full, and entries are to stay in it.
  const target = { ...asked, namespace: "growing", shard: "growing/0", count: SHARD_ENTRIES / 2 };
  await fill(url, { ...PLAIN, ...target });
  async function insertOn(): Promise<void> {
    for (; !state.isOver; state.inserted++)
      await ask(url, { ...insertion("growing"), seed: 2_000_000 + state.inserted });
  }
  const inserting = insertOn();
  const startedMs = performance.now();
  const times = await singles(url, { ...target, do: "lookup" });
  const seconds = (performance.now() - startedMs) / 1_000;
  state.isOver = true;
  await inserting;
  const perSecond = Math.round(state.inserted / seconds);
  return [row(`lookup among 50,000 × 64, beside ${perSecond} insertions a second`, times)];
}

/** From the first question to a new instance until it knows all of its rows. */
async function restarts(url: string, report: Report): Promise<Measured> {
  const times: number[] = [];
  const cpus: number[] = [];
  for (let restart = 0; restart < RESTARTS; restart++) {
    await ask(url, { do: "end", shard: PLAIN.shard });
    const [startedMs, cpuBeforeMs] = [performance.now(), workerdCpuMs(process.pid)];
    await untilRead(url, PLAIN.shard);
    times.push(performance.now() - startedMs);
    cpus.push(workerdCpuMs(process.pid) - cpuBeforeMs);
    report("new instance");
  }
  return { times, cpu: median(cpus) };
}

async function untilRead(url: string, shard: string): Promise<void> {
  await ask(url, { ...PLAIN, do: "repeat", shard, times: 1, atLeast: 0.8, seed: 1 });
  for (;;) {
    const { said } = await ask(url, { do: "state", shard });
    if (typeof said === "object" && said !== null && "isRead" in said && said.isRead === true)
      return;
  }
}

/** Memory that workerd has of the machine's. */
async function residentBytes(): Promise<number> {
  let bytes = 0;
  for (const pid of workerdPids(process.pid)) {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    bytes += 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  }
  return bytes;
}
