/**
 * The flags of `npm run eval`.
 */
import { parseArgs } from "node:util";
import { readChoice, readWhole } from "../command-line/values.ts";
import { givenFiles } from "../dataset/given-files.ts";
import { FORMATS } from "../dataset/importers/imported-row.ts";
import { FAMILY_NAMES, readFamily } from "../training/families.ts";

export const HELP = `Evaluates a router beside learned baselines and controls, with paired intervals.

  --protocol NAME  id: the release on the valid rows of sets that it learnt (default)
                   cross: the training rows in folds, each examined by a router trained on the others
                   leave-dataset: for each set a router trained on all others, on its valid rows
                   leave-model: models placed by public scores and 0, 10, 25, 100 probes, in the one
                   set given, else in mmlu_pro
  --model DIR      the release (default router-models/released/headgate)
  --data FILE,...  outcome files, .jsonl, .jsonl.gz or .parquet; more may follow as arguments
  --sets FILE      the list of sets, of which those that may ship are taken where --data is
                   not given, and learnt from where --format is (default ../shared/data/sets.json)
  --format NAME    ${FORMATS.join(", ")}: --data are files of that project
  --prices FILE    {group: {model: {in, out}}} in USD per million tokens
                   (default: prices.json beside the list of sets, if it is there)
  --leave SET,...  leave-dataset: only these sets; A+B examines A and does not learn B either
  --folds N        of cross (default 5)
  --family NAME    of the routers that cross and leave-dataset train: ${FAMILY_NAMES.join(", ")}
                   (default mf)
  --keep DIR       keeps the routers that a protocol trains, and takes them from there
  --report DIR     writes the pictures, report.md and report.json there
  --json           prints JSON instead of Markdown
  --write-card     replaces the evaluation in DIR/CARD.md of the release (id only)
  --leaderboard FILE  puts the rows of this evaluation into its tables
  --resamples N    of the bootstrap (default 1000)
  --seed N         of the bootstrap, of the random control and of folds (default 7)
  --latency FILE...  evaluates the forecast of latencies on traces instead; see --latency --help
  --cache FILE...    judges when an earlier answer may serve, on pairs, instead; see --cache --help
  --skip-bad-rows  leaves out rows that cannot be read, and counts them
  --help           this text`;

const PROTOCOLS = ["id", "cross", "leave-dataset", "leave-model"] as const;
type Protocol = (typeof PROTOCOLS)[number];

export type Options = ReturnType<typeof readOptions>;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      protocol: { type: "string", default: "id" },
      model: { type: "string", default: "router-models/released/headgate" },
      data: { type: "string", multiple: true, default: [] },
      sets: { type: "string", default: "../shared/data/sets.json" },
      format: { type: "string" },
      prices: { type: "string" },
      leave: { type: "string" },
      folds: { type: "string" },
      family: { type: "string" },
      keep: { type: "string" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      "write-card": { type: "boolean", default: false },
      leaderboard: { type: "string" },
      resamples: { type: "string", default: "1000" },
      seed: { type: "string", default: "7" },
      "skip-bad-rows": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const protocol = readChoice("--protocol", values.protocol, PROTOCOLS);
  const format =
    values.format === undefined ? undefined : readChoice("--format", values.format, FORMATS);
  const files = givenFiles(values.data, positionals);
  if (format !== undefined && files.length === 0) throw new Error("--format wants --data");
  expectEffect(protocol, values);
  const { folds = "5", family = "mf" } = values;
  return {
    ...values,
    protocol,
    folds: readWhole("--folds", folds, 2),
    family: readFamily(family),
    format,
    files,
    leave: values.leave?.split(",").map((group) => group.split("+")),
    resamples: readWhole("--resamples", values.resamples, 1),
    seed: readWhole("--seed", values.seed),
  };
}

/** The protocols in which a flag has an effect, where that is not all of them. */
const EFFECTIVE: Readonly<Record<string, readonly Protocol[]>> = {
  format: ["id"],
  "write-card": ["id"],
  folds: ["cross"],
  leave: ["leave-dataset"],
  family: ["cross", "leave-dataset"],
  keep: ["cross", "leave-dataset", "leave-model"],
};

/** Refuses what would have no effect beside the rest. */
function expectEffect(protocol: Protocol, values: Readonly<Record<string, unknown>>): void {
  for (const [flag, protocols] of Object.entries(EFFECTIVE))
    if (isGiven(values[flag]) && !protocols.includes(protocol))
      throw new Error(`--${flag} has no effect with --protocol ${protocol}`);
  if (isGiven(values["format"]))
    for (const flag of ["write-card", "skip-bad-rows"])
      if (isGiven(values[flag])) throw new Error(`--${flag} has no effect with --format`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false;
}
