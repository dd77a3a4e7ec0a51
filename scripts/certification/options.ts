/** The flags of `npm run certify`. */
import { parseArgs } from "node:util";
import type { FloorClaim } from "../../router-models/certificate.ts";
import { readWhole } from "../command-line/values.ts";
import { givenFiles } from "../dataset/given-files.ts";

export const HELP = `Certifies that a release keeps a quality floor, and writes that into its manifest.

  npm run certify -- --floor 0.95 --confidence 0.9 [options]

  --floor Q        share of the reference model's quality to promise, between 0 and 1
  --confidence C   of the promise, between 0 and 1   [0.9]
  --model DIR      the release   [router-models/released/headgate]
  --data FILE,...  outcome files, .jsonl, .jsonl.gz or .parquet; more may follow as arguments; their
                   valid rows are used
  --sets FILE      without --data: the list of sets, of which those that may ship are taken
                   [../shared/data/sets.json]
  --all-rows       use train rows as well: only for files that the router never learnt from
  --catalog FILE   choose among this catalogue's models at its prices, as a worker does
                   [the models that the router was trained on, at the release's prices]
  --per-slice      a margin for each task that the router tells apart; they share 1 − C
  --report DIR     write nothing into the release: certify --draws resamples of every set, count the
                   broken promises, and write report.md, report.json and pictures there
  --draws N        of the report   [1000]
  --seed N         of the report's draws   [7]
  --json           print JSON instead of Markdown
  --help           this text`;

export type Options = Exclude<ReturnType<typeof readOptions>, "help">;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      floor: { type: "string" },
      confidence: { type: "string", default: "0.9" },
      model: { type: "string", default: "router-models/released/headgate" },
      data: { type: "string", multiple: true, default: [] },
      sets: { type: "string", default: "../shared/data/sets.json" },
      "all-rows": { type: "boolean", default: false },
      catalog: { type: "string" },
      "per-slice": { type: "boolean", default: false },
      report: { type: "string" },
      draws: { type: "string", default: "1000" },
      seed: { type: "string", default: "7" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    ...values,
    files: givenFiles(values.data, positionals),
    draws: readWhole("--draws", values.draws, 1),
    seed: readWhole("--seed", values.seed),
    claim: readClaim(values),
  };
}

function readClaim({ floor, confidence }: { floor?: string; confidence: string }): FloorClaim {
  return {
    floor: readShare("--floor", floor),
    confidence: readShare("--confidence", confidence),
  };
}

function readShare(flag: string, text: string | undefined): number {
  const share = Number(text ?? "");
  if (share > 0 && share < 1) return share;
  throw new Error(`${flag} ${text ?? "is missing; it"} must lie between 0 and 1, both excluded`);
}
