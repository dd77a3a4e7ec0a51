/**
 * `npm run storm:events`: many requests through real workerd, which is killed in the middle, again and again; then every
 * event that a journal has acknowledged must be in the files, once, and at the price that the vendor bills. The exit
 * status is 1 where a law is broken.
 */
import { parseArgs } from "node:util";
import { readShare, readWhole } from "./command-line/values.ts";
import { createProgress } from "./report/progress.ts";
import { stormOfEvents, type EventStormReport } from "./storming/event-storm.ts";
import { eventStormTable } from "./storming/event-table.ts";

const HELP = `Sends many requests, kills the worker in the middle, and compares events with the vendor's bill.

  --requests N      how many (default 100000)
  --kills N         how often the worker is killed (default 10)
  --concurrency N   how many requests at once (default 64)
  --streams SHARE   of the requests that are streamed, 0 to 1 (default 0.5)
  --seed N          of requests and answers (default 1)
  --json            the books as JSON
  --help            this text`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "100000" },
      kills: { type: "string", default: "10" },
      concurrency: { type: "string", default: "64" },
      streams: { type: "string", default: "0.5" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const requests = readWhole("--requests", values.requests, 1);
  const progress = createProgress("events", requests);
  const report = await stormOfEvents({
    requests,
    kills: readWhole("--kills", values.kills),
    concurrency: readWhole("--concurrency", values.concurrency, 1),
    streams: readShare("--streams", values.streams),
    seed: readWhole("--seed", values.seed),
    report: (done, note) => progress.update(done, note),
  });
  progress.finish();
  console.log(values.json ? JSON.stringify(plain(report), null, 2) : eventStormTable(report));
  if (report.books.brokenLaws.length > 0) process.exitCode = 1;
}

/** Without every single request. */
function plain({ seconds, facts, books, reasons }: EventStormReport): object {
  const { files, kills } = facts;
  return { seconds, files, kills, reasons, ...books };
}

// What was started ends with this process, and a signal alone would not let it; a second one must not either.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
