/** The flags of `npm run eval -- --latency`. */
import { parseArgs } from "node:util";
import { readWhole } from "../../command-line/values.ts";

export const LATENCY_HELP = `Evaluates the forecast of latencies on traces of calls, beside other learners and controls.

  npm run eval -- --latency FILE...

  FILE           .csv or .csv.gz with latency_s (measured), or with arrival_s or arrival_ms, for which a
                 simulated vendor makes the times
  --report DIR   writes the pictures, report.md and report.json there
  --json         prints JSON instead of Markdown
  --resamples N  of the bootstrap over blocks of calls (default 1000)
  --seed N       of the bootstrap and of the simulated vendor (default 7)
  --help         this text`;

export type LatencyOptions = ReturnType<typeof readLatencyOptions>;

/** Throws an Error that names the flag which is wrong. @param args The words after the command. */
export function readLatencyOptions(args: readonly string[]) {
  const { values, positionals: files } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      latency: { type: "boolean", default: false },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      resamples: { type: "string", default: "1000" },
      seed: { type: "string", default: "7" },
      help: { type: "boolean", default: false },
    },
  });
  if (files.length === 0 && !values.help) throw new Error("--latency wants a trace");
  return {
    ...values,
    files,
    resamples: readWhole("--resamples", values.resamples, 1),
    seed: readWhole("--seed", values.seed),
  };
}
