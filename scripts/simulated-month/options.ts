/** The flags of `npm run month`. */
import { parseArgs } from "node:util";
import { explorationSchema } from "../../worker/domain/event.ts";
import { readNumber, readWhole } from "../command-line/values.ts";
import { givenFiles } from "../dataset/given-files.ts";

export const HELP = `Plays months of traffic with a frozen router, with routers that learn from it, and with an oracle.

  npm run month -- [options]

  --data FILE,...    outcome files; each is a world of its own, with four models whose costs are known, or more
                     (default ../shared/data/outcomes/ulab_llmrouter.jsonl.gz)
  --sets FILE        a list of sets, in place of --data: those that may ship and can be a world
  --prices FILE      list prices (default ../shared/data/prices.json)
  --days N           of a month (default 30)
  --requests N       of a month (default 12000)
  --months N         played, each with traffic of its own (default 2)
  --runs N           fortnights with a collapse, and months in which nothing happens (default 6)
  --every N          days between retrainings (default 6)
  --sharpness N      how little the learning ones explore (default 1000)
  --floor SHARE      least probability of a model that may be tried (default 0.005)
  --feedback SHARE   of requests of which anything is said (default 0.3)
  --seed N           (default 1)
  --report DIR       writes the pictures, report.md and report.json there
  --json             prints JSON instead of Markdown
  --help             this text`;

const DATA = "../shared/data";

export type MonthOptions = ReturnType<typeof readOptions>;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      sets: { type: "string" },
      prices: { type: "string", default: `${DATA}/prices.json` },
      days: { type: "string", default: "30" },
      requests: { type: "string", default: "12000" },
      months: { type: "string", default: "2" },
      runs: { type: "string", default: "6" },
      every: { type: "string", default: "6" },
      sharpness: { type: "string", default: "1000" },
      floor: { type: "string", default: "0.005" },
      feedback: { type: "string", default: "0.3" },
      seed: { type: "string", default: "1" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { sets, data = sets === undefined ? `${DATA}/outcomes/ulab_llmrouter.jsonl.gz` : "" } =
    values;
  return {
    ...values,
    files: givenFiles([data], []),
    days: readWhole("--days", values.days, 8),
    requests: readWhole("--requests", values.requests, 100),
    months: readWhole("--months", values.months, 1),
    runs: readWhole("--runs", values.runs, 1),
    every: readWhole("--every", values.every, 1),
    exploration: explorationSchema.parse({
      sharpness: readNumber("--sharpness", values.sharpness),
      floor: readNumber("--floor", values.floor),
    }),
    feedback: readNumber("--feedback", values.feedback),
    seed: readWhole("--seed", values.seed),
  };
}
