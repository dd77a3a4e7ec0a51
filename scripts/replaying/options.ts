/** The options of `npm run replay`. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { policySchema } from "../../worker/domain/policy.ts";

const ROOT = new URL("../../", import.meta.url);

export const HELP = `Makes logged decisions again, by the code and the weights that served, and compares them to the last bit.

  npm run --silent replay -- --events FILE|DIR [options]

  --events PATH        records of the event log: .ndjson, .ndjson.gz, or a folder of such
  --weights NAME       what other weights would have decided: a version, label, id, folder or blob
  --policy JSON        what another policy would have, such as '{"quality":0.9}'; takes the places of its knobs
  --diff               compare also where --weights are those that served
  --releases PATH      where else releases lie: a folder of them, or of blobs; may be repeated
  --catalog FILE       the catalogue that the log was made with   [router-models/catalog.json]
  --tenant ID          one tenant's decisions alone
  --out FILE           all numbers as JSON
  --report DIR         the same with tables and a picture
  --json               JSON in place of text
  --help               this text

A decision is made again with the weights that its record names, if these are under router-models/released or are
given. Latencies, vendors' keys, budgets, lessons and draws are the record's. The exit status is 1 where a decision
came out otherwise, or none could be made again.`;

export interface Options {
  readonly events: string;
  readonly weights: string | undefined;
  readonly knobs: Readonly<Record<string, unknown>> | undefined;
  readonly isDiff: boolean;
  readonly releases: readonly string[];
  readonly catalog: string;
  readonly tenant: string | undefined;
  readonly out: string | undefined;
  readonly report: string | undefined;
  readonly isJson: boolean;
}

/** Where releases lie that need not be named. */
export const RELEASED = fileURLToPath(new URL("router-models/released", ROOT));

/** Throws an Error that names the flag at fault. */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: "string" },
      weights: { type: "string" },
      policy: { type: "string" },
      diff: { type: "boolean", default: false },
      releases: { type: "string", multiple: true, default: [] },
      catalog: {
        type: "string",
        default: fileURLToPath(new URL("router-models/catalog.json", ROOT)),
      },
      tenant: { type: "string" },
      out: { type: "string" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { events, weights, policy, diff, releases, catalog, tenant, out, report, json } = values;
  if (events === undefined) throw new Error("--events is needed; --help shows how");
  if (diff && weights === undefined && policy === undefined)
    throw new Error("--diff needs something to compare with: --weights or --policy");
  return {
    events,
    weights,
    knobs: policy === undefined ? undefined : readKnobs(policy),
    isDiff: diff || policy !== undefined,
    releases,
    catalog,
    tenant,
    out,
    report,
    isJson: json,
  };
}

function readKnobs(text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`--policy is no JSON: ${text.slice(0, 80)}`, { cause });
  }
  const checked = policySchema.safeParse(json);
  if (!checked.success) {
    const { path, message } = checked.error.issues[0]!;
    throw new Error(`--policy: ${path.map(String).join(".") || "policy"}: ${message}`);
  }
  // Only what was given: a knob's default takes nobody's place.
  return z.record(z.string(), z.unknown()).parse(json);
}
