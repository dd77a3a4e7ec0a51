/**
 * `npm run storm`: far more requests at once than a hard budget pays for, through real workerd, with the ledger in a
 * Durable Object and in a real Redis. Then the books are compared: nothing is spent beyond the limit, nobody was
 * refused whom the ledger could have let in, and the ledger's total is the vendor's own bill to the micro-dollar.
 * With `--kill` the worker is killed in the middle, and another one goes on over the same storage. The exit status is
 * 1 where a law is broken.
 *
 * With Redis the requests go to two workers in turn. A ledger in Durable Objects has one, and all of its requests meet
 * in one isolate, since local workerd starts no second one; the ledger sees the same calls in either case.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readChoice, readShare, readWhole } from "./command-line/values.ts";
import { createProgress } from "./report/progress.ts";
import { hasRedis, NO_REDIS } from "./simulation/redis-server.ts";
import {
  stormOn,
  type StormHost,
  type StormOptions,
  type StormReport,
} from "./storming/one-host.ts";
import { stormTable } from "./storming/table.ts";

const HELP = `Sends far more requests at once than a budget pays for, and compares the books.

  --requests N      how many (default 5000)
  --budget-for N    the hard budget suffices for about so many (default 500)
  --host HOST       object, redis or both (default both)
  --concurrency N   how many at once (default: all, as far as the system lets a process open files)
  --streams SHARE   of the requests that are streamed, 0 to 1 (default 0.5)
  --kill            kill -9 in the middle; another worker goes on. Takes minutes: leases have to end
  --faults SHARE    of the vendors' calls that fail, 0 to 1 (default 0)
  --seed N          of requests and answers (default 1)
  --json            the books as JSON
  --help            this text

Redis is Debian's redis-server, started for the occasion.`;

const HOSTS = { object: ["object"], redis: ["redis"], both: ["object", "redis"] } as const;

/**
 * Files that one request keeps open in the busiest process. With a ledger in Durable Objects that is workerd, which has
 * two for each socket: its client's, and of every tenth its vendor's. With Redis it is this process: its client's, its
 * bridge's, its vendor's.
 */
const FILES_PER_REQUEST = 2.5;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "5000" },
      "budget-for": { type: "string", default: "500" },
      host: { type: "string", default: "both" },
      concurrency: { type: "string" },
      streams: { type: "string", default: "0.5" },
      kill: { type: "boolean", default: false },
      faults: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const hosts = HOSTS[readChoice("--host", values.host, ["object", "redis", "both"])];
  const requests = readWhole("--requests", values.requests, 1);
  const { concurrency } = values;
  const asked = concurrency === undefined ? requests : readWhole("--concurrency", concurrency, 1);
  const reports = await stormAll(hosts, {
    requests,
    budgetFor: readWhole("--budget-for", values["budget-for"], 1),
    concurrency: Math.min(asked, requests),
    streams: readShare("--streams", values.streams),
    isKilled: values.kill,
    faults: readShare("--faults", values.faults),
    seed: readWhole("--seed", values.seed),
  });
  console.log(values.json ? JSON.stringify(reports.map(plain), null, 2) : stormTable(reports));
  if (reports.some(({ books }) => books.broken.length > 0)) process.exitCode = 1;
}

async function stormAll(
  hosts: readonly StormHost[],
  options: Omit<StormOptions, "report">,
): Promise<StormReport[]> {
  if (hosts.includes("redis") && !hasRedis()) throw new Error(`${NO_REDIS}; or --host object`);
  const reports: StormReport[] = [];
  for (const host of hosts) {
    const most = Math.floor(openFiles() / FILES_PER_REQUEST);
    const concurrency = Math.min(options.concurrency, most);
    const progress = createProgress(host, options.requests);
    reports.push(
      await stormOn(host, {
        ...options,
        concurrency,
        report: (done, note) => progress.update(done, note),
      }),
    );
    progress.finish();
  }
  return reports;
}

/** How many this process may have; what most systems allow where they do not say. */
function openFiles(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1_024);
  } catch {
    return 1_024;
  }
}

/** Without every single request. */
function plain({ host, seconds, concurrency, facts, books }: StormReport): object {
  const { limit, ledger, reconciled, kill, last } = facts;
  const killed = kill && { ...kill, holds: kill.holds.length };
  return {
    host,
    seconds,
    concurrency,
    limit,
    ledger,
    reconciled,
    kill: killed,
    last: last.length,
    ...books,
  };
}

// What was started ends with this process, and a signal alone would not let it; a second one must not either.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
