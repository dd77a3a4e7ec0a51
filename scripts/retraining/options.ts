/** The flags of `npm run retrain`, and what is wrong with a call: found out before anything is fetched or trained. */
import { parseArgs } from "node:util";
import { readChoice, readNumber, readShare, readWhole } from "../command-line/values.ts";
import { givenFiles } from "../dataset/given-files.ts";
import { STORAGE_HELP, STORAGE_OPTIONS } from "../releasing/options.ts";
import { DEVICES } from "../training/device.ts";
import { DEFAULT_LIMITS, type GateLimits } from "./gates.ts";

const L = DEFAULT_LIMITS;

export const HELP = `Trains a router on what was logged, judges it by gates, and puts it on trial if it passes them all.

  npm run retrain -- --local | --remote [options]

Where from and where to
${STORAGE_HELP}
  --events DIR         files of events, in place of the bucket's
  --bucket NAME        of the events   [sluice-events]
  --s3-endpoint URL    with --remote   [that of R2, of the account R2_ACCOUNT_ID]; the credentials are
                       R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY
  --since DAYS         take the events of so many days   [30]
  --strict             stop at the first line that cannot be read
  --incumbent DIR      the release to beat   [what serves; router-models/released/headgate before the first]
  --catalog FILE       [router-models/catalog.json]

How it learns
  --sets FILE          list of sets to learn from beside the log; those that may ship
  --data FILE,...      outcome files to learn from beside the log
  --guess-weight W     what the incumbent's guesses of models that nobody asked count, beside a label   [0.1]
  --device cpu|webgpu  [cpu]
  --seed N             [1]
  --budget-minutes M   try fewer plans when time is short   [no limit]

How it is judged
  --held-out SHARE     the last part of the log, which judges   [0.25]
  --confidence C       of the intervals   [0.95]
  --gate-margin R      reward that the gain's lower bound may fall short by   [${L.margin}]
  --gate-rows N        rows of its own that the log must be worth   [${L.sampleSize}]
  --slice-margin R     reward that no slice may be shown to lose   [${L.sliceMargin}]

How it runs
  --trial-share SHARE  of the requests   [0.1]; --tenant NAME=SHARE for some
  --trial-days N       leave a trial that is under way alone for so long   [3]
  --report DIR         report.md, report.json and pictures   [report in the work folder]
  --work DIR           what a run that is killed goes on from   [.sluice/retrain]
  --restart            drop the run that is there and begin anew
  --force              also when no event is new
  --once               this once; so it is unless --every or --queue says otherwise
  --every DURATION     again and again: 30m, 24h, 7d
  --queue              wait for the tickets of the service: CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN
  --dry-run            publish nothing
  --json               one JSON object for each run on stdout
  --help               this text

Ends with 0 after publishing, or when there is nothing new; with 3 where the gates refuse.`;

export type Options = Exclude<ReturnType<typeof readOptions>, "help">;

/** Throws an Error that names the flag at fault. @param args The words after the command. */
export function readOptions(args: readonly string[]) {
  const { values: flags, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...STORAGE_OPTIONS,
      events: { type: "string" },
      bucket: { type: "string", default: "sluice-events" },
      "s3-endpoint": { type: "string" },
      since: { type: "string", default: "30" },
      strict: { type: "boolean", default: false },
      incumbent: { type: "string" },
      catalog: { type: "string" },
      sets: { type: "string" },
      data: { type: "string", multiple: true, default: [] },
      "guess-weight": { type: "string", default: "0.1" },
      device: { type: "string", default: "cpu" },
      seed: { type: "string", default: "1" },
      "budget-minutes": { type: "string" },
      "held-out": { type: "string", default: "0.25" },
      confidence: { type: "string", default: "0.95" },
      "gate-margin": { type: "string", default: String(L.margin) },
      "gate-rows": { type: "string", default: String(L.sampleSize) },
      "slice-margin": { type: "string", default: String(L.sliceMargin) },
      "trial-share": { type: "string", default: "0.1" },
      "trial-days": { type: "string", default: "3" },
      report: { type: "string" },
      work: { type: "string", default: ".sluice/retrain" },
      restart: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      once: { type: "boolean", default: false },
      every: { type: "string" },
      queue: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
    },
  });
  if (flags.help) return "help";
  const minutes = flags["budget-minutes"];
  return {
    ...flags,
    data: givenFiles(flags.data, positionals),
    sinceDays: readNumber("--since", flags.since),
    guessWeight: readNumber("--guess-weight", flags["guess-weight"]),
    device: readChoice("--device", flags.device, DEVICES),
    seed: readWhole("--seed", flags.seed),
    budgetMs: minutes === undefined ? Infinity : 60_000 * readNumber("--budget-minutes", minutes),
    heldOut: readInner("--held-out", flags["held-out"]),
    confidence: readInner("--confidence", flags.confidence),
    limits: limitsIn(flags),
    trialDays: readNumber("--trial-days", flags["trial-days"]),
    isDry: flags["dry-run"],
    schedule: scheduleIn(flags),
  };
}

function limitsIn(
  flags: Readonly<Record<"gate-margin" | "gate-rows" | "slice-margin", string>>,
): GateLimits {
  return {
    ...DEFAULT_LIMITS,
    margin: readNumber("--gate-margin", flags["gate-margin"]),
    sampleSize: readNumber("--gate-rows", flags["gate-rows"]),
    sliceMargin: readNumber("--slice-margin", flags["slice-margin"]),
  };
}

/** When runs begin. */
export type Schedule = "once" | "queue" | { readonly everyMs: number };

function scheduleIn({
  once,
  every,
  queue,
}: {
  readonly once: boolean;
  readonly every?: string | undefined;
  readonly queue: boolean;
}): Schedule {
  if ([once, every !== undefined, queue].filter(Boolean).length > 1)
    throw new Error("Say one of --once, --every and --queue.");
  if (every !== undefined) return { everyMs: durationMs("--every", every) };
  return queue ? "queue" : "once";
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(flag: string, text: string): number {
  const [, number, unit] = /^(\d+)([mhd])$/u.exec(text) ?? [];
  const ms = number === undefined ? 0 : Number(number) * UNITS[unit!]!;
  if (ms > 0) return ms;
  throw new Error(`${flag} ${JSON.stringify(text)} must be a duration such as 30m, 24h or 7d.`);
}

/** A share, neither nothing nor all. */
function readInner(flag: string, text: string): number {
  const share = readShare(flag, text);
  if (share > 0 && share < 1) return share;
  throw new Error(`${flag} ${text} must lie between 0 and 1, both excluded.`);
}
