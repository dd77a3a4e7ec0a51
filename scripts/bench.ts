/**
 * `npm run bench`: how long a decision and an embedding take, what a cold start costs its first request, and how large
 * the bundle is, each against its target.
 *
 * Everything runs in local workerd. A decision is timed from outside, as many of them within one
 * request, less a request that does none; the parts are timed the same way, one at a time. A cold start
 * is a new workerd process, measured by the CPU time that the operating system counts for it. On a busy
 * machine times are too large, CPU times by less; neither is ever too small.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { compareCache, crowdText } from "./caching/compare.ts";
import { promptsOfLength } from "./cloudflare/bench-prompts.ts";
import { workerdCpuMs } from "./cloudflare/process-cpu.ts";
import { BATCHES, timeParts } from "./cloudflare/timed-parts.ts";
import { runWrangler } from "./cloudflare/wrangler.ts";
import { readWhole } from "./command-line/values.ts";
import { compareGateways, gatewayTable } from "./gateway/compare.ts";
import { PORTKEY_HINT } from "./gateway/targets.ts";
import { compareLedgers } from "./ledgers/compare.ts";
import { measureNeighbours, NEIGHBOUR_STEPS } from "./neighbours/measure.ts";
import { benchTable, isMet, summary, type BenchRow } from "./report/bench-table.ts";
import { turnTable } from "./report/in-turns.ts";
import { createProgress } from "./report/progress.ts";
import { startLocalWorker } from "./simulation/local-worker.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

const TOKENS = [16, 128, 1024];
const PARTS = ["all", "features", "graph", "decide"] as const;
const EMBEDDED_TOKENS = [16, 128, 512];
const COLD_STARTS = 5;

/** The promises of the README. */
const TARGETS = {
  decisionUs: 300, // 128 tokens, median.
  coldCpuMs: 150, // First request, median.
  rawBytes: 20 * 2 ** 20,
  gzipBytes: 6 * 2 ** 20,
};

/** What is run without --only. */
const USUAL = "decision,embedding,cold,size";

const HELP = `Times decisions, embeddings, cold starts and the bundle in local workerd.

  npm run bench [-- options]

  --only NAMES   of decision, embedding, cold, size and neighbours, a minute of lookups among a million
                 vectors; separated by commas (default ${USUAL})
  --json         one JSON object on stdout instead of a table
  --strict       exit code 1 when a target is missed
  --gateway      compares gateways instead: added time to first token, added p50 and p99, delay of every
                 event and CPU per request, against calling the simulated vendor directly
  --requests N   of each kind and gateway, ledger or cache (default 200)
  --concurrency N  requests at a time in the part under load (default 8)
  --ledger       times ledgers instead: what a hard budget adds to a request, p50 and p99, on a Durable
                 Object and on Redis, without a network between isolate and ledger
  --cache        times the cache of answers instead: a stream by the vendor, and the same one given again; and
                 how long five hundred who ask the same at once wait for one call
  --portkey DIR  a folder with node_modules/@portkey-ai/gateway, to stand beside in the same run
  --help         this text`;

type Bench = (report: (note: string) => void) => Promise<BenchRow[]>;

const BENCHES: Record<string, { run: Bench; steps: number }> = {
  decision: { run: benchDecision, steps: TOKENS.length * BATCHES },
  embedding: { run: benchEmbedding, steps: EMBEDDED_TOKENS.length * BATCHES },
  cold: { run: benchColdStart, steps: COLD_STARTS },
  size: { run: benchSize, steps: 1 },
  neighbours: { run: measureNeighbours, steps: NEIGHBOUR_STEPS },
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: USUAL },
      json: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      gateway: { type: "boolean", default: false },
      ledger: { type: "boolean", default: false },
      cache: { type: "boolean", default: false },
      requests: { type: "string", default: "200" },
      concurrency: { type: "string", default: "8" },
      portkey: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (values.gateway) return benchGateways(values);
  if (values.ledger) return benchLedgers(values);
  if (values.cache) return benchCache(values);
  const chosen = values.only.split(",").map((name) => {
    const bench = BENCHES[name];
    if (bench === undefined)
      throw new Error(`--only ${name}: choose of ${Object.keys(BENCHES).join(", ")}`);
    return bench;
  });
  const progress = createProgress(
    "bench",
    chosen.reduce((sum, { steps }) => sum + steps, 0),
  );
  let done = 0;
  const rows: BenchRow[] = [];
  for (const { run } of chosen) rows.push(...(await run((note) => progress.update(++done, note))));
  progress.finish();
  console.log(values.json ? JSON.stringify({ rows: rows.map(withVerdict) }) : benchTable(rows));
  if (values.strict && rows.some((row) => !isMet(row))) process.exitCode = 1;
}

interface GatewayFlags {
  readonly requests: string;
  readonly concurrency: string;
  readonly portkey?: string | undefined;
  readonly json: boolean;
}

async function benchGateways({ portkey, json, ...flags }: GatewayFlags): Promise<void> {
  const progress = createProgress("gateways", 1);
  const rows = await compareGateways({
    requests: readWhole("--requests", flags.requests, 10),
    concurrency: readWhole("--concurrency", flags.concurrency, 1),
    ...(portkey !== undefined && { portkeyFolder: portkey }),
    report: (done, total, note) => progress.update(done, note, total),
  });
  progress.finish();
  console.log(json ? JSON.stringify({ rows }) : gatewayTable(rows));
  if (portkey === undefined && !json) console.log(`\n${PORTKEY_HINT}`);
}

async function benchLedgers({ requests, json }: GatewayFlags): Promise<void> {
  const progress = createProgress("ledgers", 1);
  const rows = await compareLedgers({
    rounds: readWhole("--requests", requests, 10),
    report: (done, total, note) => progress.update(done, note, total),
  });
  progress.finish();
  console.log(json ? JSON.stringify({ rows }) : turnTable(rows));
}

async function benchCache({ requests, json }: GatewayFlags): Promise<void> {
  const progress = createProgress("cache", 1);
  const { rows, crowd } = await compareCache({
    rounds: readWhole("--requests", requests, 10),
    report: (done, total, note) => progress.update(done, note, total),
  });
  progress.finish();
  console.log(json ? JSON.stringify({ rows, crowd }) : `${turnTable(rows)}\n\n${crowdText(crowd)}`);
}

/** A decision calls nobody; what would is discarded. */
const NOBODY_CALLED = {
  vendorUrl: "http://127.0.0.1:9",
  persist: false,
  logLevel: "error",
} as const;

function benchDecision(report: (note: string) => void): Promise<BenchRow[]> {
  return withBenchWorker(async (url) => {
    const rows: BenchRow[] = [];
    for (const tokens of TOKENS) {
      const timed = await timeParts(url, {
        parts: PARTS,
        tokens,
        report: () => report(`decision, ${tokens} tokens`),
      });
      for (const { part, ...times } of timed) {
        const isPromised = tokens === 128 && part === "all";
        rows.push({
          name: part === "all" ? `decision, ${tokens} tokens` : `  ${part}`,
          ...times,
          ...(isPromised && { target: TARGETS.decisionUs }),
        });
      }
    }
    return rows;
  });
}

function benchEmbedding(report: (note: string) => void): Promise<BenchRow[]> {
  return withBenchWorker(async (url) => {
    const rows: BenchRow[] = [];
    for (const tokens of EMBEDDED_TOKENS) {
      const name = `embedding, ${tokens} tokens`;
      const timed = await timeParts(url, { parts: ["embed"], tokens, report: () => report(name) });
      rows.push(...timed.map((times) => ({ ...times, name })));
    }
    return rows;
  });
}

async function withBenchWorker<T>(use: (url: string) => Promise<T>): Promise<T> {
  const entrypoint = join(ROOT, "test", "bench", "bench-worker.ts");
  const worker = await startLocalWorker({ ...NOBODY_CALLED, entrypoint });
  try {
    return await use(worker.directUrl);
  } finally {
    await worker.close();
  }
}

async function benchColdStart(report: (note: string) => void): Promise<BenchRow[]> {
  const firstMs: number[] = [];
  const secondMs: number[] = [];
  for (let start = 0; start < COLD_STARTS; start++) {
    const worker = await startLocalWorker(NOBODY_CALLED);
    try {
      await settledCpuMs();
      firstMs.push(await cpuOfDecision(worker.directUrl));
      secondMs.push(await cpuOfDecision(worker.directUrl));
    } finally {
      await worker.close();
    }
    report("cold start");
  }
  return [
    {
      name: "first request of an isolate",
      unit: "ms CPU",
      ...summary(firstMs),
      target: TARGETS.coldCpuMs,
    },
    { name: "second request", unit: "ms CPU", ...summary(secondMs) },
  ];
}

async function cpuOfDecision(url: string): Promise<number> {
  const beforeMs = workerdCpuMs(process.pid);
  const [content] = promptsOfLength(128, 1);
  const response = await fetch(`${url}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content }] }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The worker answered ${response.status}: ${text}`);
  // What the request set off in the background, such as compiling, is its cost too.
  return (await settledCpuMs()) - beforeMs;
}

/** CPU time once it has stopped growing. */
async function settledCpuMs(): Promise<number> {
  const QUIET_MS = 1; // Less than this in a pause is the process being idle.
  const PAUSE_MS = 100;
  let latest = workerdCpuMs(process.pid);
  for (;;) {
    await sleep(PAUSE_MS);
    const next = workerdCpuMs(process.pid);
    if (next - latest < QUIET_MS) return next;
    latest = next;
  }
}

async function benchSize(report: (note: string) => void): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bundle-"));
  try {
    await runWrangler(["deploy", "--dry-run", "--outdir", folder]);
    let rawBytes = 0;
    let gzipBytes = 0;
    for (const name of await readdir(folder)) {
      if (name.endsWith(".map") || name === "README.md") continue; // Not uploaded.
      const bytes = await readFile(join(folder, name));
      rawBytes += bytes.length;
      gzipBytes += gzipSync(bytes, { level: 9 }).length;
    }
    report("bundle");
    return [
      { name: "bundle", unit: "bytes", value: rawBytes, target: TARGETS.rawBytes },
      { name: "bundle, gzip", unit: "bytes", value: gzipBytes, target: TARGETS.gzipBytes },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function withVerdict(row: BenchRow): BenchRow & { isMet?: boolean } {
  return row.target === undefined ? row : { ...row, isMet: isMet(row) };
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// wrangler leaves handles open after it has been disposed of.
process.exit();
