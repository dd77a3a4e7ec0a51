/**
 * `npm run replay:proof`: thousands of requests of every kind through the real worker, and every one of its logged
 * decisions made again from the files in the bucket. The exit status is 1 where one differs or was not logged.
 */
import { parseArgs } from "node:util";
import { readShare, readWhole } from "./command-line/values.ts";
import { isProven, prove, type Proof } from "./replaying/proof/prove.ts";
import { textOf } from "./replaying/report.ts";
import { createProgress } from "./report/progress.ts";

const HELP = `Sends traffic through the worker and makes every logged decision again.

  --requests N      how many (default 10000)
  --concurrency N   how many at once (default 24)
  --faults SHARE    of the vendor's calls that fail, 0 to 1 (default 0.03)
  --seed N          of requests and answers (default 1)
  --keep DIR        keeps the worker's storage and the events there
  --json            numbers as JSON
  --help            this text`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "10000" },
      concurrency: { type: "string", default: "24" },
      faults: { type: "string", default: "0.03" },
      seed: { type: "string", default: "1" },
      keep: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const requests = readWhole("--requests", values.requests, 1);
  const progress = createProgress("replay:proof", requests);
  const proof = await prove({
    requests,
    concurrency: readWhole("--concurrency", values.concurrency, 1),
    faults: readShare("--faults", values.faults),
    seed: readWhole("--seed", values.seed),
    folder: values.keep,
    onProgress: (done, note) => progress.update(done, note),
  });
  progress.finish();
  console.log(values.json ? JSON.stringify(plainOf(proof)) : shown(proof));
  if (!isProven(proof)) process.exitCode = 1;
}

function shown({ traffic, replay, reasons, lifted, replaySeconds }: Proof): string {
  const { answered, failed, missing, seconds, paths } = traffic;
  const errors = [...failed].map(([status, count]) => `${count} × ${status}`).join(", ");
  return [
    `${answered.size} requests answered in ${seconds.toFixed(0)} s, errors: ${errors || "none"}.`,
    `${paths.length} files of events; ${missing} answered requests are in none of them.`,
    `Reasons: ${[...reasons].map(([reason, count]) => `${reason} ${count}`).join(", ")}; ${lifted} lifted.`,
    `Made again in ${replaySeconds.toFixed(0)} s:`,
    textOf({ replay, diff: undefined, next: "" }),
  ].join("\n");
}

function plainOf({ traffic, replay, reasons, lifted, replaySeconds }: Proof): object {
  const { answered, failed, missing, seconds, paths } = traffic;
  return {
    answered: answered.size,
    failed: Object.fromEntries(failed),
    missing,
    seconds,
    files: paths.length,
    reasons: Object.fromEntries(reasons),
    lifted,
    replaySeconds,
    replay: {
      ...replay,
      weights: Object.fromEntries(replay.weights),
      skipped: Object.fromEntries(replay.skipped),
    },
  };
}

// What was started ends with this process, and a signal alone would not let it; a second one must not either.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
