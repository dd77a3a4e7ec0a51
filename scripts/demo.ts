/**
 * `npm run demo`: sends prompts of many kinds through the worker and shows what the router did with each, and what
 * that saved. Starts the worker and the simulated vendor itself unless `--url` names a running service. The prompts
 * in simulation/demo-prompts.jsonl were written for this project.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readNumber } from "./command-line/values.ts";
import { createProgress } from "./report/progress.ts";
import { median } from "./report/quantiles.ts";
import {
  ask,
  post,
  readPrompts,
  type DemoOutcome,
  type DemoPrompt,
} from "./simulation/demo-client.ts";
import { summarise, summaryText, tableOf } from "./simulation/demo-report.ts";
import { startLocalWorker } from "./simulation/local-worker.ts";
import { startVendor } from "./vendor.ts";

const PROMPTS = new URL("simulation/demo-prompts.jsonl", import.meta.url);
/** Requests in flight at once: enough to hide the vendor's slowness, too few to disturb the times much. */
const IN_FLIGHT = 4;
const ROUTE_REPEATS = 5;

const HELP = `Sends prompts through the worker and reports what the router chose.

  --prompts FILE   JSON Lines of {kind, prompt | messages, ...} (default: the project's own)
  --preset NAME    cost, balanced, quality or fast (default balanced)
  --url URL        a service that runs already, such as http://127.0.0.1:8787
  --speed N        vendor speed, times faster than the catalogue's latency; 0 is without delays (default 10)
  --json           one JSON object {summary, outcomes} instead of the table
  --help           this text`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      prompts: { type: "string" },
      preset: { type: "string", default: "balanced" },
      url: { type: "string" },
      speed: { type: "string", default: "10" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const prompts = readPrompts(await readFile(values.prompts ?? PROMPTS, "utf8"));
  const speed = readNumber("--speed", values.speed);
  const service = await serviceAt(values.url, speed);
  try {
    const outcomes = await askAll(service.url, prompts, values.preset);
    const summary = summarise(outcomes, await decisionTimes(service.url, prompts));
    if (values.json) console.log(JSON.stringify({ summary, outcomes }, null, 2));
    else console.log(`${tableOf(outcomes)}\n\n${summaryText(summary)}`);
    process.exitCode = summary.failed === 0 ? 0 : 1;
  } finally {
    await service.close();
  }
}

interface Service {
  readonly url: string;
  close(): Promise<void>;
}

async function serviceAt(url: string | undefined, speed: number): Promise<Service> {
  if (url !== undefined) return { url: url.replace(/\/(v1\/?)?$/, ""), close: async () => {} };
  const vendor = await startVendor({ speed });
  try {
    // In memory: the demo shows the weights of the bundle, whatever has been published on this machine.
    const worker = await startLocalWorker({ vendorUrl: vendor.url, persist: false });
    return {
      url: worker.directUrl,
      close: async () => {
        await worker.close();
        await vendor.close();
      },
    };
  } catch (error) {
    await vendor.close();
    throw error;
  }
}

async function askAll(
  url: string,
  prompts: readonly DemoPrompt[],
  preset: string,
): Promise<DemoOutcome[]> {
  const progress = createProgress("prompts", prompts.length);
  const outcomes: DemoOutcome[] = [];
  const queue = prompts.entries();
  let done = 0;
  async function takeTurns(): Promise<void> {
    for (const [index, prompt] of queue) {
      outcomes[index] = await ask(url, prompt, preset);
      progress.update(++done, prompt.kind);
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, takeTurns));
  progress.finish();
  return outcomes;
}

/** Per prompt, milliseconds that a decision adds to the bare round trip; never below 0. */
async function decisionTimes(url: string, prompts: readonly DemoPrompt[]): Promise<number[]> {
  const progress = createProgress("decisions", prompts.length);
  const bareMs: number[] = [];
  const routeMs: number[] = [];
  for (const [index, { body, kind }] of prompts.entries()) {
    const perPromptMs: number[] = [];
    for (let i = 0; i < ROUTE_REPEATS; i++) {
      bareMs.push(await timed(() => fetch(`${url}/healthz`)));
      perPromptMs.push(await timed(() => post(`${url}/v1/route`, { ...body, model: "auto" })));
    }
    routeMs.push(median(perPromptMs));
    progress.update(index + 1, kind);
  }
  progress.finish();
  const bare = median(bareMs);
  return routeMs.map((ms) => Math.max(0, ms - bare));
}

async function timed(call: () => Promise<Response>): Promise<number> {
  const startedMs = performance.now();
  const response = await call();
  await response.arrayBuffer();
  return performance.now() - startedMs;
}

main().then(
  // wrangler leaves handles open after it has been disposed of.
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
