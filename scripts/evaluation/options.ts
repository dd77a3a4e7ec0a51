/**
 * The flags of `npm run eval`.
 */
import { parseArgs } from "node:util";
import { readWhole } from "../command-line/values.ts";
import { givenFiles } from "../dataset/given-files.ts";
import { FORMATS, isFormat } from "../dataset/importers/import-files.ts";
import { FAMILY_NAMES, readFamily, type FamilyName } from "../training/families.ts";

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
  --cache DIR      keeps the routers that a protocol trains, and takes them from there
  --report DIR     writes the pictures, report.md and report.json there
  --json           prints JSON instead of Markdown
  --write-card     replaces the evaluation in DIR/CARD.md of the release (id only)
  --leaderboard FILE  puts the rows of this evaluation into its tables
  --resamples N    of the bootstrap (default 1000)
  --seed N         of the bootstrap, of the random control and of folds (default 7)
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
      folds: { type: "string", default: "5" },
      family: { type: "string", default: "mf" },
      cache: { type: "string" },
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
  const { format } = values;
  const files = givenFiles(values.data, positionals);
  const protocol = PROTOCOLS.find((name) => name === values.protocol);
  if (protocol === undefined)
    throw new Error(`--protocol: one of ${PROTOCOLS.join(", ")} (is "${values.protocol}")`);
  if (format !== undefined && !isFormat(format))
    throw new Error(`--format: one of ${FORMATS.join(", ")} (is "${format}")`);
  if (format !== undefined && files.length === 0) throw new Error("--format wants --data");
  expectTogether({ ...values, protocol });
  return {
    ...values,
    protocol,
    folds: readWhole("--folds", values.folds, 2),
    family: readFamilyFor(protocol, values.family),
    format,
    files,
    leave: values.leave?.split(",").map((group) => group.split("+")),
    resamples: readWhole("--resamples", values.resamples, 1),
    seed: readWhole("--seed", values.seed),
  };
}

interface Asked {
  readonly protocol: Protocol;
  readonly format?: string | undefined;
  readonly leave?: string | undefined;
  readonly "write-card": boolean;
}

/** Refuses what would have no effect beside the rest. */
function expectTogether({ protocol, format, leave, "write-card": isCardWanted }: Asked): void {
  if (isCardWanted && (protocol !== "id" || format !== undefined))
    throw new Error("--write-card: a card shows the release on its own sets");
  if (format !== undefined && protocol !== "id")
    throw new Error(`--format: imported rows judge a release, so no --protocol ${protocol}`);
  if (leave !== undefined && protocol !== "leave-dataset")
    throw new Error("--leave: only leave-dataset leaves sets out");
}

function readFamilyFor(protocol: Protocol, name: string): FamilyName {
  const family = readFamily(name);
  if (family !== "mf" && protocol !== "cross" && protocol !== "leave-dataset")
    throw new Error("--family: only cross and leave-dataset train routers of any family");
  return family;
}
