/**
 * `npm run bench:ttft`: how much later the first token of a streamed answer comes through the worker than from the
 * vendor itself. Both are asked in turns within one run (A B A B …), so whatever slows the machine slows both, and the
 * difference is taken pair by pair. Client, worker and vendor are three processes, as they are in life; the worker is
 * the deployed bundle in bare workerd and routes each prompt by its model.
 *
 * Two settings: a vendor without delay, where every microsecond shows, and one that thinks for 50 ms, as a quick real
 * one does. The target is a median of less than 5 ms added. The exit status is 1 where it is missed.
 */
import { parseArgs } from "node:util";
import { randomFrom } from "../worker/lib/prng.ts";
import { readWhole } from "./command-line/values.ts";
import type { Target } from "./gateway/targets.ts";
import { timedCall } from "./gateway/timed-call.ts";
import { createProgress } from "./report/progress.ts";
import { median, medianInterval, quantile } from "./report/quantiles.ts";
import { startBareWorker } from "./simulation/bare-worker.ts";
import { spawnVendor } from "./simulation/spawned-vendor.ts";

const TARGET_MS = 5;
const WARM_UP_PAIRS = 20;

const SETTINGS = [
  { name: "vendor without delay", ttftMs: 0 },
  { name: "vendor with 50 ms", ttftMs: 50 },
] as const;

const HELP = `Compares the time to the first token through the worker with the vendor's own.

  --pairs N   pairs of requests per setting, 100 or more for a verdict (default 200)
  --help      this text`;

/** Medians in milliseconds over the pairs of one setting. */
interface Comparison {
  readonly name: string;
  readonly direct: number;
  readonly routed: number;
  readonly added: number;
  readonly interval: readonly [low: number, high: number];
  readonly addedP95: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      pairs: { type: "string", default: "200" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const pairs = readWhole("--pairs", values.pairs, 10);
  const results: Comparison[] = [];
  for (const setting of SETTINGS) results.push(await compare(setting, pairs));
  console.log(
    "time to first token, medians in ms; added: median over pairs [95 % bootstrap interval]",
  );
  for (const r of results)
    console.log(
      `${r.name.padEnd(22)} direct ${r.direct.toFixed(2)}  through the worker ${r.routed.toFixed(2)}  ` +
        `added ${r.added.toFixed(2)} [${r.interval.map((ms) => ms.toFixed(2)).join(", ")}], p95 ${r.addedP95.toFixed(2)}`,
    );
  const isMet = results.every((r) => r.added < TARGET_MS);
  console.log(
    `${pairs} pairs each; target: under ${TARGET_MS} ms added: ${isMet ? "met" : "missed"}`,
  );
  process.exitCode = isMet ? 0 : 1;
}

async function compare(
  { name, ttftMs }: (typeof SETTINGS)[number],
  pairs: number,
): Promise<Comparison> {
  const vendor = await spawnVendor(ttftMs);
  const worker = await startBareWorker({ VENDOR_BASE_URL: vendor.url, LOG_LEVEL: "error" });
  const direct = {
    name: "the vendor",
    url: `${vendor.url}/openai/v1/chat/completions`,
    model: "gpt-5.4",
    headers: {},
  };
  const routed = {
    ...direct,
    name: "the worker",
    url: `${worker.url}/v1/chat/completions`,
    model: "auto",
  };
  const progress = createProgress(name, pairs);
  const directMs: number[] = [];
  const routedMs: number[] = [];
  try {
    for (let i = -WARM_UP_PAIRS; i < pairs; i++) {
      const prompt = `Question ${i}: why does a boat rise in a lock when the sluice is opened?`;
      const pair = [await firstTextMs(direct, prompt), await firstTextMs(routed, prompt)] as const;
      if (i < 0) continue;
      directMs.push(pair[0]);
      routedMs.push(pair[1]);
      progress.update(i + 1);
    }
  } finally {
    progress.finish();
    await worker.close();
    vendor.stop();
  }
  const addedMs = routedMs.map((ms, i) => ms - (directMs[i] ?? Number.NaN));
  return {
    name,
    direct: median(directMs),
    routed: median(routedMs),
    added: median(addedMs),
    interval: medianInterval(addedMs, randomFrom(1)),
    addedP95: quantile(addedMs, 0.95),
  };
}

async function firstTextMs(target: Target, content: string): Promise<number> {
  const { firstTextMs: ms } = await timedCall(target, { content, stream: true });
  if (ms === undefined) throw new Error(`${target.name} answered without a word`);
  return ms;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
