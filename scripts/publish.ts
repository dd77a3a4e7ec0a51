/**
 * `npm run publish`: puts a released router into service, or on trial beside what serves, without a deployment.
 *
 * How it is checked and written is releasing/publish-release.ts. What happens to it afterwards, promotion, rollback,
 * pins, is `npm run weights`.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { expectedScores } from "../router-models/expected-score.ts";
import type { Manifest } from "../router-models/manifest.ts";
import { evidenceOf } from "../router-models/placement.ts";
import { weightsLabel } from "../router-models/release.ts";
import type { KvTarget } from "./cloudflare/kv-command.ts";
import { wranglerKv } from "./cloudflare/kv-store.ts";
import {
  expectStorage,
  followingOf,
  readAuthority,
  readShares,
  readTarget,
  STORAGE_HELP,
  STORAGE_OPTIONS,
} from "./releasing/options.ts";
import { prepareRelease, publishRelease } from "./releasing/publish-release.ts";
import { KEY_VARIABLE } from "./releasing/signing-keys.ts";
import { replayLog } from "./replaying/command.ts";
import { readOptions } from "./replaying/options.ts";
import { textOf } from "./replaying/report.ts";
import { createProgress } from "./report/progress.ts";

const DEFAULT_RELEASE = fileURLToPath(
  new URL("../router-models/released/headgate", import.meta.url),
);

const HELP = `Publishes a released router to KV, from where running workers pick it up.

  npm run publish -- --local | --remote [options]

  --release DIR        default router-models/released/headgate
  --trial SHARE        not at once for all, but beside what serves, for this share of the requests
  --tenant NAME=SHARE  another share of a tenant's requests, 0 for none; may be given again
  --events FILE|DIR    says first what of these logged requests would go elsewhere, tenant by tenant, for how much
${STORAGE_HELP}
  --dry-run            check and pack the release, write nothing
  --json               one JSON object on stdout instead of text
  --help               this text`;

interface Published {
  readonly id: string;
  readonly version: string;
  readonly weights: string;
  readonly bytes: number;
  /** Largest difference from a golden vector. */
  readonly canaryWorst: number;
  readonly target: "local" | "remote" | "none";
  /** Of the rollout that says so. */
  readonly serial?: number;
  readonly isTrial: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...STORAGE_OPTIONS,
      release: { type: "string", default: DEFAULT_RELEASE },
      trial: { type: "string" },
      events: { type: "string" },
      "dry-run": { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const isDry = values["dry-run"];
  const target = isDry ? undefined : readTarget(values);
  const shares = sharesIn(values);
  const authority = await readAuthority(values, process.env[KEY_VARIABLE]);
  if (target !== undefined) await expectStorage(target);
  const prepared = await prepareRelease(values.release);
  const { release, blob, canaryWorst } = prepared;
  const weights = weightsLabel(release);
  say(`${weights}: ${blob.length} bytes, golden vectors within ${canaryWorst.toExponential(1)}`);
  const stranger = strangerWarning(release.manifest);
  if (stranger !== undefined) say(stranger);
  if (values.events !== undefined) say(await changesBy(values.release, values.events));
  const way = { shares, authority, nowMs: Date.now(), say };
  const serial =
    target && (await publishRelease(prepared, { ...way, kv: wranglerKv(target) })).serial;
  const published: Published = {
    id: release.id,
    version: release.manifest.version,
    weights,
    bytes: blob.length,
    canaryWorst,
    target: target?.place ?? "none",
    ...(serial !== undefined && { serial }),
    isTrial: shares !== undefined,
  };
  console.log(values.json ? JSON.stringify(published) : report(published, target));
}

/** What logged requests would be decided otherwise. Rejects where the log cannot be read. */
async function changesBy(weights: string, events: string): Promise<string> {
  const args = ["--events", events, "--weights", weights, "--releases", weights, "--diff"];
  const options = readOptions(args);
  if (options === "help") return "";
  const progress = createProgress("compare", 0);
  const found = await replayLog(options, (done, note) => progress.update(done, note, done));
  progress.finish();
  return textOf(found);
}

/** Throws where shares are given for a release that is to serve all. */
function sharesIn({ trial, tenant }: { trial?: string | undefined; tenant: string[] }) {
  if (trial !== undefined) return readShares("--trial", { share: trial, tenants: tenant });
  if (tenant.length === 0) return undefined;
  throw new Error("--tenant says who takes part in a trial; give --trial SHARE as well.");
}

/** What to say of a release that knows no model of the catalogue: all would stand alike, and price alone choose. */
function strangerWarning(manifest: Manifest): string | undefined {
  const { models } = parseCatalog(catalogJson);
  const expected = expectedScores(models);
  if (models.some((model) => evidenceOf(manifest, model, expected) !== "prior")) return undefined;
  const learnt = Object.keys(manifest.models).slice(0, 3).join(", ");
  return (
    `Warning: nothing is known of any model of the catalogue; learnt were ${learnt} … All models will stand\n` +
    "alike and the cheapest will answer. Name models in outcomes as the catalogue does, provider/model."
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function report(
  { id, version, weights, bytes, serial, isTrial }: Published,
  target: KvTarget | undefined,
): string {
  const facts = `version  ${version}\nid       ${id}\nbytes    ${bytes}`;
  if (target === undefined) return `${facts}\nNothing was written (--dry-run).`;
  const role = isTrial ? "is on trial" : "serves";
  return `${facts}
serial   ${serial}
It ${role} as \`x-sluice-weights: ${weights}\`. ${followingOf(target)}`;
}

function say(line: string): void {
  console.error(line);
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
