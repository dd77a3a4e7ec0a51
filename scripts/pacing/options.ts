/** The flags of `npm run pace`. */
import { parseArgs } from "node:util";
import { readChoice, readShare, readWhole } from "../command-line/values.ts";

export const HELP = `Plays traffic against paced budgets, beside other ways of spending them.

  npm run pace -- [options]

  --data FILE,...    outcome files whose models have costs
                     (default ../shared/data/outcomes/{llmdrift,paretobandit}.jsonl.gz)
  --traces FILE,...  .csv or .csv.gz with arrival_s or arrival_ms
                     (default ../shared/data/traces/{azure_code_2023,mooncake_synthetic}.csv.gz)
  --budgets SHARE,...  of what the strongest model alone would cost (default 0.1,0.25,0.5,0.75)
  --model DIR        the release (default router-models/released/headgate)
  --window KIND      day: made of the trace, after another such day (default); trace: the trace itself, an hour at most
  --seeds N          windows played for each budget (default 10)
  --isolates N       that share the traffic (default 8)
  --report DIR       writes the pictures, report.md and report.json there
  --summary          prints the short table
  --json             prints JSON instead of Markdown
  --help             this text`;

const DATA = "../shared/data";
const SETS = ["llmdrift", "paretobandit"].map((name) => `${DATA}/outcomes/${name}.jsonl.gz`);
const TRACES = ["azure_code_2023", "mooncake_synthetic"].map(
  (name) => `${DATA}/traces/${name}.csv.gz`,
);

export type PaceOptions = ReturnType<typeof readOptions>;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string", default: SETS.join(",") },
      traces: { type: "string", default: TRACES.join(",") },
      budgets: { type: "string", default: "0.1,0.25,0.5,0.75" },
      model: { type: "string", default: "router-models/released/headgate" },
      window: { type: "string", default: "day" },
      seeds: { type: "string", default: "10" },
      isolates: { type: "string", default: "8" },
      report: { type: "string" },
      summary: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    ...values,
    files: values.data.split(","),
    traces: values.traces.split(","),
    budgets: values.budgets.split(",").map((share) => readShare("--budgets", share)),
    window: readChoice("--window", values.window, ["day", "trace"]),
    seeds: readWhole("--seeds", values.seeds, 1),
    isolates: readWhole("--isolates", values.isolates, 1),
  };
}
