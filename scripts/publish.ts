/**
 * `npm run publish`: puts a released router into service, without a deployment.
 *
 * The release is opened and asked for its golden vectors here, on the WebAssembly that runs at the edge,
 * before anything is written. Then the blob goes to KV under its own id, and only after that the pointer
 * moves: an isolate that reads in between sees the old release. Every isolate checks the blob again for
 * itself; nothing that this command does can put an unsound release into service.
 *
 * Publishing an older release again is the roll-back.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import catalogJson from "../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../router-models/catalog.ts";
import { expectedScores } from "../router-models/expected-score.ts";
import type { Manifest } from "../router-models/manifest.ts";
import { evidenceOf } from "../router-models/placement.ts";
import {
  blobKey,
  canary,
  openRelease,
  packRelease,
  POINTER_KEY,
  weightsLabel,
  type Release,
  type WeightsPointer,
} from "../router-models/release.ts";
import { putFileArguments, remedyFor, type KvTarget } from "./cloudflare/kv-command.ts";
import { makeWritable } from "./cloudflare/local-storage.ts";
import { runWrangler } from "./cloudflare/wrangler.ts";
import { readReleaseFolder } from "./dataset/release-folder.ts";
import { openGraph } from "./evaluation/onnx-graph.ts";

const DEFAULT_RELEASE = fileURLToPath(
  new URL("../router-models/released/headgate", import.meta.url),
);

const HELP = `Publishes a released router to KV, from where running workers pick it up.

  npm run publish -- --local | --remote [options]

  --local              the storage of \`npm start\` and \`wrangler dev\` on this machine
  --remote             the account that wrangler is logged in to
  --release DIR        default router-models/released/headgate
  --persist-to DIR     another folder of local storage than .wrangler/state
  --namespace-id ID    another KV namespace than the one bound as WEIGHTS
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
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      local: { type: "boolean", default: false },
      remote: { type: "boolean", default: false },
      release: { type: "string", default: DEFAULT_RELEASE },
      "persist-to": { type: "string" },
      "namespace-id": { type: "string" },
      "dry-run": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (values.local === values.remote && !(values["dry-run"] && !values.local))
    throw new Error("Say where to publish: either --local or --remote. --help lists the options.");
  const target: KvTarget = {
    place: values.remote ? "remote" : "local",
    // wrangler runs beside its configuration and would take a relative path from there.
    persistTo: values["persist-to"] && resolve(values["persist-to"]),
    namespaceId: values["namespace-id"],
  };

  if (!values["dry-run"]) await expectStorage(target);
  const { release, blob, canaryWorst } = await prepare(values.release);
  say(
    `${weightsLabel(release)}: ${blob.length} bytes, golden vectors within ${canaryWorst.toExponential(1)}`,
  );
  const stranger = strangerWarning(release.manifest);
  if (stranger !== undefined) say(stranger);
  if (!values["dry-run"]) await write(release, blob, target);
  const published: Published = {
    id: release.id,
    version: release.manifest.version,
    weights: weightsLabel(release),
    bytes: blob.length,
    canaryWorst,
    target: values["dry-run"] ? "none" : target.place,
  };
  console.log(values.json ? JSON.stringify(published) : report(published));
}

/** Rejects with the remedy where local storage is to be kept in a folder that cannot be written. */
async function expectStorage({ place, persistTo }: KvTarget): Promise<void> {
  if (place === "remote" || persistTo === undefined) return;
  try {
    await makeWritable(persistTo);
  } catch (cause) {
    throw new Error(
      `${messageOf(cause)}\nNothing was published. Give another folder with --persist-to DIR.`,
      { cause },
    );
  }
}

/** Reads and checks a release. Rejects with what is wrong; then nothing has been written. */
async function prepare(
  directory: string,
): Promise<{ release: Release; blob: Uint8Array; canaryWorst: number }> {
  const files = await readReleaseFolder(directory);
  const release = await openRelease(files);
  const graph = await openGraph(release.model);
  try {
    const { worst, failure } = await canary(release, graph);
    if (failure !== undefined) throw new Error(`Not published: ${failure}`);
    return { release, blob: packRelease(files), canaryWorst: worst };
  } finally {
    await graph.release();
  }
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

async function write(release: Release, blob: Uint8Array, target: KvTarget): Promise<void> {
  const { id, manifest } = release;
  const pointer: WeightsPointer = {
    id,
    version: manifest.version,
    publishedAt: new Date().toISOString(),
  };
  const folder = await mkdtemp(join(tmpdir(), "sluice-publish-"));
  try {
    await writeFile(join(folder, "blob"), blob);
    await writeFile(join(folder, "pointer"), JSON.stringify(pointer));
    say(`1/2 writing ${blobKey(id)}`);
    await wrangler(putFileArguments(blobKey(id), join(folder, "blob"), target));
    say(`2/2 moving ${POINTER_KEY}`);
    await wrangler(putFileArguments(POINTER_KEY, join(folder, "pointer"), target));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rejects with wrangler's output and, where known, the remedy. */
async function wrangler(args: readonly string[]): Promise<void> {
  try {
    await runWrangler(args);
  } catch (cause) {
    const message = messageOf(cause);
    throw new Error([message, remedyFor(message) ?? ""].join("\n").trim(), { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function report({ id, version, weights, bytes, target }: Published): string {
  const facts = `version  ${version}\nid       ${id}\nbytes    ${bytes}`;
  if (target === "none") return `${facts}\nNothing was written (--dry-run).`;
  const isolates = target === "local" ? "Workers on this storage" : "Isolates everywhere";
  const delay = target === "local" ? "" : " KV may take a minute to show it everywhere.";
  return `${facts}
${isolates} look for it after the first request that comes WEIGHTS_TTL_MS (30 s) or more after their last
look, and answer with \`x-sluice-weights: ${weights}\` from then on.${delay}
One that finds it unsound keeps what it has and logs \`weights_refused\` with the reason.`;
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
