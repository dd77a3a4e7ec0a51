/**
 * What `npm run train` can be told: its flags, their defaults, and what is wrong with a call. Checked
 * before anything is read, because hours of training for a release that is refused are of no use.
 */
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { manifestSchema } from "../../router-models/manifest.ts";
import { readChoice, readNumber, readWhole } from "../command-line/values.ts";
import { givenFiles } from "../dataset/given-files.ts";
import { DEVICES, type Device } from "./device.ts";
import { FAMILY_NAMES, readFamily, type FamilyName } from "./families.ts";

export const HELP = `Trains a router on outcome files and writes a release.

  npm run train -- [options]

  --sets FILE           list of data sets; those that may ship are used   [../shared/data/sets.json]
  --data FILE,...       outcome files (.jsonl, .jsonl.gz or .parquet) instead of --sets; more may
                        follow as arguments
  --models NAME[,NAME]  the models that rows may name; another one is a mistake
  --prices FILE         list prices, {"group": {"model": {"in": USD, "out": USD}}} per million tokens
                        [prices.json beside --sets, else none]
  --family NAME         ${FAMILY_NAMES.join(", ")}  [mf]
  --out DIR             where the release goes, over one that is there
                        [router-models/released/headgate; /FAMILY for another family]
  --name NAME           name of the release                    [the last part of --out]
  --release-version V   version that answers carry             [1.0.0]
  --seed N              seed of every random choice            [1]
  --device cpu|webgpu   where the training step runs           [cpu: the same bits for a seed]
  --budget-minutes M    try fewer plans when time is short     [no limit]
  --checkpoint DIR      what a training that is killed goes on from; removed at its end
                        [beside --out, as .headgate.checkpoint for headgate]
  --checkpoint-every S  least seconds between two saves        [20]
  --restart             drop the checkpoint and begin anew
  --skip-bad-rows       leave out rows that cannot be read, and count them
  --json                print JSON instead of a line
  --help                this text`;

export interface Options {
  readonly sets: string;
  readonly data: readonly string[] | undefined;
  readonly models: ReadonlySet<string> | undefined;
  readonly prices: string | undefined;
  readonly family: FamilyName;
  readonly out: string;
  readonly name: string;
  readonly version: string;
  readonly seed: number;
  readonly device: Device;
  readonly budgetMs: number;
  readonly checkpoint: string;
  readonly checkpointEveryMs: number;
  readonly isRestart: boolean;
  readonly skipBadRows: boolean;
  readonly json: boolean;
}

/** Throws an Error that names the flag at fault. @param args The words after the command. */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values: flags, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      sets: { type: "string", default: "../shared/data/sets.json" },
      data: { type: "string", multiple: true, default: [] },
      models: { type: "string", multiple: true },
      prices: { type: "string" },
      family: { type: "string", default: "mf" },
      out: { type: "string" },
      name: { type: "string" },
      "release-version": { type: "string", default: "1.0.0" },
      seed: { type: "string", default: "1" },
      device: { type: "string", default: "cpu" },
      "budget-minutes": { type: "string" },
      checkpoint: { type: "string" },
      "checkpoint-every": { type: "string", default: "20" },
      restart: { type: "boolean", default: false },
      "skip-bad-rows": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return "help";
  const family = readFamily(flags.family);
  const ownName = family === "mf" ? "headgate" : family;
  const out = resolve(flags.out ?? join("router-models/released", ownName));
  const files = givenFiles(flags.data, positionals);
  const ownPrices = files.length === 0 ? join(flags.sets, "..", "prices.json") : undefined;
  return {
    sets: flags.sets,
    data: files.length === 0 ? undefined : files,
    models: flags.models && new Set(flags.models.flatMap((list) => list.split(","))),
    prices: flags.prices ?? ownPrices,
    family,
    out,
    name: flags.name ?? basename(out),
    version: readVersion(flags["release-version"]),
    seed: readWhole("--seed", flags.seed),
    device: readChoice("--device", flags.device, DEVICES),
    budgetMs: readBudget(flags["budget-minutes"]),
    checkpoint: flags.checkpoint ?? join(dirname(out), `.${basename(out)}.checkpoint`),
    checkpointEveryMs: 1_000 * readNumber("--checkpoint-every", flags["checkpoint-every"]),
    isRestart: flags.restart,
    skipBadRows: flags["skip-bad-rows"],
    json: flags.json,
  };
}

function readBudget(minutes: string | undefined): number {
  return minutes === undefined ? Infinity : 60_000 * readNumber("--budget-minutes", minutes);
}

function readVersion(text: string): string {
  const parsed = manifestSchema.shape.version.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`--release-version: ${parsed.error.issues[0]!.message} (is "${text}")`);
}
