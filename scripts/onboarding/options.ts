/** What `npm run onboard` can be told, and what is wrong with a call. */
import { parseArgs } from "node:util";
import { BENCHMARKS, type CatalogModel } from "../../router-models/catalog.ts";
import { readWhole } from "../command-line/values.ts";

export const HELP = `Places a model of the catalogue among a router's abilities.

  npm run onboard                              where every model of the catalogue stands, and why
  npm run onboard -- --model NAME [options]    one model: where it stands and what it is chosen for

  --model NAME       provider/model, an entry of the catalogue
  --model-dir DIR    a release, as "npm run train" writes it   [router-models/released/headgate]
  --catalog FILE     [router-models/catalog.json]
  --anchors LIST     public scores, such as mmlu_pro=0.81,gpqa_diamond=0.66; benchmarks:
                     ${BENCHMARKS.join(", ")}
  --source URL       where they were read; needed with --anchors
  --setting TEXT     how they were taken, above all at which effort
  --probes FILE      .jsonl or .jsonl.gz, rows {"prompt", "score": 0..1}, or an outcome file
  --as NAME          the model's name in the outcome file      [NAME, or its part after the slash]
  --prompts FILE     prompts to show choices on                [the demo's]
  --suggest N        the N prompts of --data to ask the model first
  --data FILE        prompts to choose from, rows {"prompt"}
  --out FILE         writes the suggested prompts there, one row {"prompt"} each
  --write            writes new anchors, and after probes the ability, into the catalogue
  --json             JSON instead of text
  --help             this text`;

export interface OnboardOptions {
  readonly model: string | undefined;
  readonly modelDir: string;
  readonly catalog: string;
  readonly anchors: CatalogModel["anchors"];
  readonly probes: string | undefined;
  readonly as: string | undefined;
  readonly prompts: string | undefined;
  readonly suggest: number;
  readonly data: string | undefined;
  readonly out: string | undefined;
  readonly isToWrite: boolean;
  readonly isJson: boolean;
}

/** Throws an Error that names the flag. */
export function readOptions(args?: readonly string[]): OnboardOptions | "help" {
  const { values: flags } = parseArgs({
    ...(args && { args: [...args] }),
    options: {
      model: { type: "string" },
      "model-dir": { type: "string", default: "router-models/released/headgate" },
      catalog: { type: "string", default: "router-models/catalog.json" },
      anchors: { type: "string" },
      source: { type: "string" },
      setting: { type: "string" },
      probes: { type: "string" },
      as: { type: "string" },
      prompts: { type: "string" },
      suggest: { type: "string" },
      data: { type: "string" },
      out: { type: "string" },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) return "help";
  const options = {
    model: flags.model,
    modelDir: flags["model-dir"],
    catalog: flags.catalog,
    anchors: readAnchors(flags.anchors, flags),
    probes: flags.probes,
    as: flags.as,
    prompts: flags.prompts,
    suggest: flags.suggest === undefined ? 0 : readWhole("--suggest", flags.suggest, 1),
    data: flags.data,
    out: flags.out,
    isToWrite: flags.write,
    isJson: flags.json,
  };
  check(options);
  return options;
}

function check(options: OnboardOptions): void {
  const { model, anchors, probes, suggest, data, out, isToWrite } = options;
  const isAboutOne = anchors.length > 0 || probes !== undefined || suggest > 0 || isToWrite;
  if (model === undefined && isAboutOne) throw new Error("--model says which model is meant");
  if (suggest > 0 !== (data !== undefined)) throw new Error("--suggest and --data go together");
  if (out !== undefined && suggest === 0) throw new Error("--out is for the prompts of --suggest");
  if (isToWrite && anchors.length === 0 && probes === undefined)
    throw new Error("--write has nothing to write: give --anchors or --probes");
}

function readAnchors(
  list: string | undefined,
  { source, setting }: { source?: string | undefined; setting?: string | undefined },
): CatalogModel["anchors"] {
  if (list === undefined) {
    if (source !== undefined) throw new Error("--source is for --anchors");
    return [];
  }
  if (source === undefined)
    throw new Error("--anchors wants --source, the URL where the scores were read");
  return list.split(",").map((item) => {
    const [name = "", text = ""] = item.split("=").map((part) => part.trim());
    const benchmark = BENCHMARKS.find((known) => known === name);
    if (benchmark === undefined)
      throw new Error(`--anchors: no benchmark "${name}"; there are ${BENCHMARKS.join(", ")}`);
    const score = Number(text);
    if (text === "" || Number.isNaN(score))
      throw new Error(`--anchors: write ${name}=SCORE, not "${item}"`);
    return { benchmark, score, ...(setting !== undefined && { setting }), source };
  });
}
