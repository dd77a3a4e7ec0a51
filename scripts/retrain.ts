/**
 * `npm run retrain`: the router gets better on what was logged, and never silently worse.
 *
 * It pulls the events, learns from them, judges what it has learnt by the last part of the log, and puts it on trial only
 * where it passes every gate (scripts/retraining). Once, again and again, or whenever the service asks for it.
 */
import { execFileSync } from "node:child_process";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { createProgress } from "./report/progress.ts";
import { needed } from "./retraining/event-place.ts";
import { HELP, readOptions, type Options } from "./retraining/options.ts";
import { retrainOnce, type Outcome } from "./retraining/run.ts";
import type { Host } from "./retraining/stages.ts";
import { waitForTickets } from "./retraining/tickets.ts";
import { expectDevice } from "./training/device.ts";

const REFUSED = 3;
const QUEUE = "sluice-retrain";
const CLOUDFLARE = "https://api.cloudflare.com/client/v4";
/** Between two looks at the empty queue. */
const LOOK_MS = 60_000;

const host: Host = {
  env: process.env,
  self: { pid: process.pid, host: hostname() },
  now: () => new Date(),
  nowMs: () => performance.now(),
  say: (line) => console.error(line),
  progress: (label) => createProgress(label, 0),
  commit: commitOfSources(),
  command: ["npm run retrain --", ...process.argv.slice(2)].join(" "),
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") return console.log(HELP);
  await expectDevice(options.device);
  const { schedule } = options;
  if (schedule === "once") return void (await runOnce(options));
  for (;;) {
    if (schedule === "queue") await runForTickets(options);
    else {
      await runOnce(options);
      await pause(schedule.everyMs);
    }
  }
}

async function runForTickets(options: Options): Promise<void> {
  const address = {
    api: CLOUDFLARE,
    account: needed(process.env, "CLOUDFLARE_ACCOUNT_ID"),
    token: needed(process.env, "CLOUDFLARE_API_TOKEN"),
    queue: QUEUE,
  };
  const { tickets, acknowledge } = await waitForTickets(address, {
    everyMs: LOOK_MS,
    say: (line) => console.error(line),
  });
  console.error(`A ticket for ${tickets.map(({ day }) => day).join(", ")}`);
  const { kind } = await runOnce(options);
  if (kind !== "held") await acknowledge();
}

async function runOnce(options: Options): Promise<Outcome> {
  const outcome = await retrainOnce(options, host);
  console.log(options.json ? JSON.stringify(outcome) : sentenceOf(outcome));
  process.exitCode = outcome.kind === "refused" ? REFUSED : outcome.kind === "held" ? 1 : 0;
  return outcome;
}

function sentenceOf(outcome: Outcome): string {
  if (outcome.kind === "held") {
    const { pid, host: on, since } = outcome.by;
    return `Another run holds the work folder: process ${pid} on ${on}, since ${since}`;
  }
  if (outcome.kind === "nothing") return `Nothing to do: ${outcome.why}`;
  const { weights, gates } = outcome;
  const more = `${outcome.report}/report.md says more`;
  if (outcome.kind === "published")
    return `${weights} is on trial, serial ${outcome.serial}. ${more}`;
  if (outcome.kind === "judged")
    return `${weights} passes every gate and was not published. ${more}`;
  const against = gates
    .filter(({ passed }) => !passed)
    .map(
      ({ name, value, limit, why }) => `  ${name}: ${value ?? "unknown"}, limit ${limit}; ${why}`,
    );
  return [`${weights} is refused:`, ...against, more].join("\n");
}

function commitOfSources(): string {
  try {
    const git = ["rev-parse", "--short=12", "HEAD"];
    return execFileSync("git", git, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

try {
  await main();
} catch (error) {
  console.error(`retrain: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
