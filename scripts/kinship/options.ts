/** What `npm run train:kin` can be told: its flags, their defaults, and what is wrong with a call. */
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { kinManifestSchema } from "../../router-models/kin/manifest.ts";
import { readWhole } from "../command-line/values.ts";
import { STEPS } from "./settings.ts";

export const HELP = `Trains the head that tells how like two prompts are, and writes a release.

  npm run train:kin -- [options]

  --sets FILE           list of data sets; prompts of those that may ship are used
                        [../shared/data/sets.json]
  --pairs FILE,...      judged text pairs {"a", "b", "equivalent"}: the report is held against them,
                        beside likeness by words; nothing is trained on them or chosen by them
  --out DIR             where the release goes, over one that is there
                        [router-models/released/confluence]
  --name NAME           name of the release                    [the last part of --out]
  --release-version V   version of the release                 [1.0.0]
  --seed N              seed of every random choice            [1]
  --steps N             steps of training; 0 leaves every word untaught   [${STEPS}]
  --dry-run             train and report, write nothing
  --json                print JSON instead of a table
  --help                this text`;

export interface Options {
  readonly sets: string;
  readonly pairs: readonly string[];
  readonly out: string;
  readonly name: string;
  readonly version: string;
  readonly seed: number;
  readonly steps: number;
  readonly isDryRun: boolean;
  readonly json: boolean;
}

/** Throws an Error that names the flag at fault. @param args The words after the command. */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values: flags } = parseArgs({
    args: [...args],
    options: {
      sets: { type: "string", default: "../shared/data/sets.json" },
      pairs: { type: "string", multiple: true, default: [] },
      out: { type: "string", default: "router-models/released/confluence" },
      name: { type: "string" },
      "release-version": { type: "string", default: "1.0.0" },
      seed: { type: "string", default: "1" },
      steps: { type: "string", default: String(STEPS) },
      "dry-run": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return "help";
  const out = resolve(flags.out);
  return {
    sets: flags.sets,
    pairs: flags.pairs.flatMap((list) => list.split(",")),
    out,
    name: flags.name ?? basename(out),
    version: readVersion(flags["release-version"]),
    seed: readWhole("--seed", flags.seed),
    steps: readWhole("--steps", flags.steps),
    isDryRun: flags["dry-run"],
    json: flags.json,
  };
}

function readVersion(text: string): string {
  const parsed = kinManifestSchema.shape.version.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Error(`--release-version: ${parsed.error.issues[0]!.message} (is "${text}")`);
}
