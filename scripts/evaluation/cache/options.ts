/** The flags of `npm run eval -- --cache`. */
import { parseArgs } from "node:util";
import { readChoice, readShare, readWhole } from "../../command-line/values.ts";

const SPLITS = ["valid", "train", "all"] as const;

export const CACHE_HELP = `Judges when one prompt may be served another's answer: precision, recall and false hits.

  npm run eval -- --cache FILE...
  npm run eval -- --cache --drift    plays answers that change against the switch; see --drift --help

  FILE               .jsonl or .jsonl.gz with rows {a, b, equivalent, split?}; a row without a split is valid
  --head DIR         the released similarity head (default router-models/released/confluence)
  --split NAME       of the rows: ${SPLITS.join(", ")} (default valid)
  --budget SHARE     of the hits that may be false (default 0.01)
  --orders N         in which requests arrive, where that matters (default 20)
  --requests N       drawn from a set's pairs, over and over; 0 draws none (default 50000)
  --questions N      of a set that are streamed, at most; 0 streams none (default 14000)
  --adversarial FILE pairs made to mislead (default test/fixtures/cache-adversarial.json)
  --report DIR       writes the pictures, report.md and report.json there
  --json             prints JSON instead of Markdown
  --resamples N      of the bootstrap over connected pairs (default 1000)
  --seed N           of orders, bootstrap and controls (default 7)
  --help             this text`;

export type CacheOptions = ReturnType<typeof readCacheOptions>;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readCacheOptions(args: readonly string[]) {
  const { values, positionals: files } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cache: { type: "boolean", default: false },
      head: { type: "string", default: "router-models/released/confluence" },
      split: { type: "string", default: "valid" },
      budget: { type: "string", default: "0.01" },
      orders: { type: "string", default: "20" },
      requests: { type: "string", default: "50000" },
      questions: { type: "string", default: "14000" },
      adversarial: { type: "string", default: "test/fixtures/cache-adversarial.json" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      resamples: { type: "string", default: "1000" },
      seed: { type: "string", default: "7" },
      help: { type: "boolean", default: false },
    },
  });
  if (files.length === 0 && !values.help) throw new Error("--cache wants a file of pairs");
  return {
    ...values,
    files,
    split: readChoice("--split", values.split, SPLITS),
    budget: readShare("--budget", values.budget),
    orders: readWhole("--orders", values.orders, 1),
    requests: readWhole("--requests", values.requests),
    questions: readWhole("--questions", values.questions),
    resamples: readWhole("--resamples", values.resamples, 1),
    seed: readWhole("--seed", values.seed),
  };
}
