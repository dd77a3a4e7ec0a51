/**
 * `npm run soak`: many requests at once through the deployed bundle in real workerd, while the simulated vendor fails in
 * every way that it knows, at random. Then the laws are checked: every request ended in a valid answer or a valid
 * error, none hung, none was charged twice or other than by the vendor's own count, no key is in any output, and
 * memory stayed bounded. The exit status is 1 where one is broken.
 *
 * Which request draws which fault depends on the seed and on the order of arrival, so two runs are alike, not equal.
 */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { pick, randomFrom, type Random } from "../worker/lib/prng.ts";
import { readShare, readWhole } from "./command-line/values.ts";
import { createProgress } from "./report/progress.ts";
import { startBareWorker } from "./simulation/bare-worker.ts";
import { parseFault } from "./simulation/faults.ts";
import { compareBooks, type Books } from "./soaking/ledger.ts";
import { soakOne, type SoakRequest, type SoakResult } from "./soaking/one-request.ts";
import { startVendor } from "./vendor.ts";

const HELP = `Runs requests under random faults and checks what must hold whatever the vendor does.

  --requests N      how many (default 1000)
  --concurrency N   how many at once (default 64)
  --seed N          of requests and faults (default 1)
  --faults SHARE    of the vendor's calls that fail in some way, 0 to 1 (default 0.2)
  --json            the report as JSON
  --help            this text`;

const KEYS = ["sk-soak-0123456789abcdef", "sk-soak-fedcba9876543210"];
/** RSS may grow by this much over a run of any length: the isolate's heap has 128 MB, the rest is buffers. */
const MAX_GROWTH_MIB = 256;

const FAULTS = `
  400 401 403 404 408 413 422 429 429:retry-after=1 500 503 529 stall reset error-body wrong-type empty no-usage
  overflow filter filtered leak trickle huge-chunk invalid-utf8 endless many-choices deep gzip-bomb header-flood
  stall-mid:after=0 stall-mid:after=3 cut:after=0 cut:after=3 malformed:after=0 malformed:after=3 error-chunk:after=3
  slow:factor=2`
  .trim()
  .split(/\s+/)
  .map(parseFault);

const VARS = {
  STAND_IN_KEYS: KEYS.join(","),
  CONNECT_TIMEOUT_MS: "8000",
  FIRST_BYTE_TIMEOUT_MS: "8000",
  ANSWER_TIMEOUT_MS: "8000",
  IDLE_TIMEOUT_MS: "8000",
  TOTAL_TIMEOUT_MS: "25000",
};

interface Memory {
  readonly startMiB: number;
  readonly peakMiB: number;
  readonly endMiB: number;
}

interface Report {
  readonly requests: number;
  readonly seconds: number;
  /** How often each ending came, in the client's words. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly vendorCalls: number;
  readonly struck: number;
  readonly invalid: readonly string[];
  readonly hung: number;
  readonly keysSeen: number;
  readonly books: Books;
  readonly memory: Memory | undefined;
  readonly broken: readonly string[];
}

interface SoakOptions {
  readonly requests: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly faultShare: number;
}

async function soak(options: SoakOptions): Promise<Report> {
  const { requests, concurrency, seed, faultShare } = options;
  const { models } = parseCatalog(catalogJson);
  const random = randomFrom(seed);
  const vendorRandom = randomFrom(seed + 1);
  let struck = 0;
  const vendor = await startVendor({
    keptRequests: Number.POSITIVE_INFINITY,
    drawFault() {
      if (vendorRandom() >= faultShare) return undefined;
      struck += 1;
      return pick(vendorRandom, FAULTS);
    },
  });
  let log = "";
  const worker = await startBareWorker({ ...VARS, VENDOR_BASE_URL: vendor.url }, (text) => {
    log += text;
  });
  const names = ["auto", "auto:cost", "auto:quality", "auto:fast", ...models.map(({ id }) => id)];
  const asked = Array.from({ length: requests }, (_, i) => requestOf(`soak-${i}`, names, random));
  const watch = watchMemory(worker.pid);
  const startedMs = performance.now();
  let results: SoakResult[];
  try {
    await soakOne(worker.url, asked[0]!); // The first request of an isolate is slower than it should be counted.
    results = await runAll(worker.url, asked, concurrency);
    await sleep(500); // Lines of requests that were left come a moment later.
  } finally {
    watch.stop();
    await worker.close();
    await vendor.close();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const records = vendor.requests.all();
  const books = compareBooks({ results, records, charges: chargesIn(log), catalog: models });
  const output = `${log}${results.map((result) => result.output).join("")}`;
  const facts = {
    requests,
    seconds,
    outcomes: tally(results.map(({ ending, detail }) => (ending === "left" ? "left" : detail))),
    vendorCalls: records.length,
    struck,
    invalid: results.filter(({ ending }) => ending === "invalid").map(({ detail }) => detail),
    hung: results.filter(({ ending }) => ending === "hung").length,
    keysSeen: KEYS.filter((key) => output.includes(key)).length,
    books,
    memory: watch.memory(),
  };
  return { ...facts, broken: brokenLaws(facts) };
}

function requestOf(id: string, names: readonly string[], random: Random): SoakRequest {
  return {
    id,
    model: pick(random, names),
    isStream: random() < 0.5,
    hedgeMs: random() < 0.1 ? 50 : undefined,
    leaveAfterMs: random() < 0.05 ? 5 + random() * 200 : undefined,
  };
}

async function runAll(
  url: string,
  asked: readonly SoakRequest[],
  concurrency: number,
): Promise<SoakResult[]> {
  const progress = createProgress("soak", asked.length);
  const results: SoakResult[] = [];
  const waiting = asked.values();
  async function client(): Promise<void> {
    for (const request of waiting) {
      results.push(await soakOne(url, request));
      progress.update(results.length);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client));
  progress.finish();
  return results;
}

/** How many lines of charge each request has in the log. */
function chargesIn(log: string): Map<string, number> {
  const charges = new Map<string, number>();
  for (const [line] of log.matchAll(/\{[^\n]*"event":"completion"[^\n]*\}/g)) {
    const id = /"request_id":"([^"]+)"/.exec(line)?.[1] ?? "";
    charges.set(id, (charges.get(id) ?? 0) + 1);
  }
  return charges;
}

function tally(words: readonly string[]): Record<string, number> {
  const counts = Map.groupBy(words, (word) => word);
  return Object.fromEntries(
    [...counts].map(([word, all]) => [word, all.length] as const).toSorted((a, b) => b[1] - a[1]),
  );
}

/** Samples the resident memory of a process; undefined where the system does not tell. */
function watchMemory(pid: number): { stop(): void; memory(): Memory | undefined } {
  const status = `/proc/${pid}/status`;
  const samples: number[] = [];
  function sample(): void {
    if (!existsSync(status)) return;
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(status, "utf8"))?.[1];
    if (kib !== undefined) samples.push(Number(kib) / 1_024);
  }
  sample();
  const timer = setInterval(sample, 250);
  return {
    stop() {
      sample();
      clearInterval(timer);
    },
    memory() {
      const [startMiB] = samples;
      if (startMiB === undefined) return undefined;
      return { startMiB, peakMiB: Math.max(...samples), endMiB: samples.at(-1)! };
    },
  };
}

function brokenLaws(facts: Omit<Report, "broken">): string[] {
  const { invalid, hung, keysSeen, books, memory } = facts;
  const grownMiB = memory === undefined ? 0 : memory.endMiB - memory.startMiB;
  const laws: [broken: boolean, what: string][] = [
    [invalid.length > 0, `${invalid.length} requests had no valid end`],
    [hung > 0, `${hung} requests hung`],
    [keysSeen > 0, `${keysSeen} keys are in an output`],
    [books.chargedTwice > 0, `${books.chargedTwice} requests were charged twice`],
    [books.uncharged > 0, `${books.uncharged} answers were not charged`],
    [books.compared === 0 && facts.struck < facts.vendorCalls, "no price could be compared"],
    [books.different.length > 0, `${books.different.length} prices differ from the vendor's count`],
    [grownMiB > MAX_GROWTH_MIB, `memory grew by ${grownMiB.toFixed(0)} MiB`],
  ];
  return laws.filter(([isBroken]) => isBroken).map(([, what]) => what);
}

function print(report: Report): void {
  const { books, memory } = report;
  const rate = (report.requests / report.seconds).toFixed(0);
  console.log(`${report.requests} requests in ${report.seconds.toFixed(1)} s (${rate} a second)`);
  console.log(
    `${report.vendorCalls} calls at the vendor, ${report.struck} of them struck by a fault`,
  );
  for (const [word, count] of Object.entries(report.outcomes))
    console.log(`  ${String(count).padStart(6)}  ${word}`);
  console.log(`without a valid end: ${report.invalid.length}; hung: ${report.hung}`);
  for (const detail of new Set(report.invalid)) console.log(`  ${detail}`);
  console.log(`charged twice: ${books.chargedTwice}; answers not charged: ${books.uncharged}`);
  const sums = `clients $${books.clientUsd.toFixed(6)}, vendor $${books.vendorUsd.toFixed(6)}`;
  console.log(`prices compared: ${books.compared}, different: ${books.different.length} (${sums})`);
  for (const line of books.different.slice(0, 10)) console.log(`  ${line}`);
  console.log(`keys seen in any output: ${report.keysSeen}`);
  if (memory !== undefined)
    console.log(
      `workerd's memory, MiB: ${memory.startMiB.toFixed(0)} at the start, ` +
        `${memory.peakMiB.toFixed(0)} at most, ${memory.endMiB.toFixed(0)} at the end`,
    );
  console.log(report.broken.length === 0 ? "every law held" : report.broken.join("; "));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "1000" },
      concurrency: { type: "string", default: "64" },
      seed: { type: "string", default: "1" },
      faults: { type: "string", default: "0.2" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const report = await soak({
    requests: readWhole("--requests", values.requests, 1),
    concurrency: readWhole("--concurrency", values.concurrency, 1),
    seed: readWhole("--seed", values.seed),
    faultShare: readShare("--faults", values.faults),
  });
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else print(report);
  if (report.broken.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
