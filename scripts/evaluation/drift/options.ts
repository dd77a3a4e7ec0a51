/** The flags of `npm run eval -- --cache --drift`. */
import { parseArgs } from "node:util";
import { readShare, readWhole } from "../../command-line/values.ts";

export const DRIFT_HELP = `Plays made-up namespaces against the switch: answers that change, and the promise itself.

  npm run eval -- --cache --drift

  --runs N           of the drift, for each share of changed answers; the promise is played in four
                     times as many namespaces (default 60, some four minutes)
  --budget SHARE     of the hits that may be false (default 0.01)
  --report DIR       writes the pictures, report.md and report.json there
  --json             prints JSON instead of Markdown
  --seed N           of all that is drawn (default 7)
  --help             this text`;

export type DriftOptions = ReturnType<typeof readDriftOptions>;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readDriftOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cache: { type: "boolean", default: false },
      drift: { type: "boolean", default: false },
      runs: { type: "string", default: "60" },
      budget: { type: "string", default: "0.01" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      seed: { type: "string", default: "7" },
      help: { type: "boolean", default: false },
    },
  });
  const budget = readShare("--budget", values.budget);
  if (budget === 0 || budget > MOST_BUDGET)
    throw new Error(`--budget ${values.budget} must be above 0 and at most ${MOST_BUDGET}`);
  return {
    ...values,
    budget,
    runs: readWhole("--runs", values.runs, 1),
    seed: readWhole("--seed", values.seed),
  };
}

/** Above it the shares that change would be no more than the budget. */
const MOST_BUDGET = 0.04;
