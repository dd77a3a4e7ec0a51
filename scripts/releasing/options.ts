/**
 * What the commands that write to KV have in common: where, in whose name, and how what comes of it is said.
 */
import { resolve } from "node:path";
import type { ParseArgsOptionsConfig } from "node:util";
import type { KvTarget } from "../cloudflare/kv-command.ts";
import { makeWritable } from "../cloudflare/local-storage.ts";
import { readShare } from "../command-line/values.ts";
import type { Shares } from "./changes.ts";
import type { Authority } from "./rollout-storage.ts";
import { KEY_VARIABLE, readSigners } from "./signing-keys.ts";

/** For parseArgs. */
export const STORAGE_OPTIONS = {
  local: { type: "boolean", default: false },
  remote: { type: "boolean", default: false },
  "persist-to": { type: "string" },
  "namespace-id": { type: "string" },
  sign: { type: "string", multiple: true, default: [] },
  adopt: { type: "boolean", default: false },
  tenant: { type: "string", multiple: true, default: [] },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

/** Their lines of a help text. */
export const STORAGE_HELP = `\
  --local              the storage of \`npm start\` and \`wrangler dev\` on this machine
  --remote             the account that wrangler is logged in to
  --persist-to DIR     another folder of local storage than .wrangler/state
  --namespace-id ID    another KV namespace than the one bound as WEIGHTS
  --sign FILE          sign with this private key, again for further keys; else with the one in ${KEY_VARIABLE}
  --adopt              build on a rollout that none of these keys has signed, or replace what is no rollout`;

interface StorageValues {
  readonly local: boolean;
  readonly remote: boolean;
  readonly "persist-to"?: string | undefined;
  readonly "namespace-id"?: string | undefined;
}

/** Where to look and write. Throws where it is not said. */
export function readTarget(values: StorageValues): KvTarget {
  if (values.local === values.remote)
    throw new Error("Say where: either --local or --remote. --help lists the options.");
  return {
    place: values.remote ? "remote" : "local",
    // wrangler runs beside its configuration and would take a relative path from there.
    persistTo: values["persist-to"] && resolve(values["persist-to"]),
    namespaceId: values["namespace-id"],
  };
}

/** Rejects with the remedy where local storage is to be kept in a folder that cannot be written. */
export async function expectStorage({ place, persistTo }: KvTarget): Promise<void> {
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

/** In whose name. Rejects where a key cannot be read. */
export async function readAuthority(
  { sign, adopt }: { readonly sign: readonly string[]; readonly adopt: boolean },
  environment: string | undefined,
): Promise<Authority> {
  return { signers: await readSigners(sign, environment), adopts: adopt };
}

/**
 * Shares of a trial as options give them: one for all, and `TENANT=SHARE` for some. Throws where one cannot be read.
 * @param flag The option that has the share for all.
 */
export function readShares(
  flag: string,
  { share, tenants }: { share: string | undefined; tenants: readonly string[] },
): Shares {
  const named = tenants.map((text): [string, number] => {
    const [, tenant, value] = /^([a-z0-9][a-z0-9_-]{0,62})=(.+)$/.exec(text) ?? [];
    if (tenant === undefined || value === undefined)
      throw new Error(`--tenant ${JSON.stringify(text)} must be TENANT=SHARE.`);
    return [tenant, readShare("--tenant", value)];
  });
  return {
    share: share === undefined ? undefined : readShare(flag, share),
    tenants: named.length === 0 ? undefined : Object.fromEntries(named),
  };
}

/** What isolates do about a rollout that was written. */
export function followingOf({ place }: KvTarget): string {
  const isolates = place === "local" ? "Workers on this storage" : "Isolates everywhere";
  const delay = place === "local" ? "" : " KV may take a minute to show it everywhere.";
  return `${isolates} look for it after the first request that comes WEIGHTS_TTL_MS (30 s) or more after their last
look.${delay} One that finds it or a release of it unsound keeps what it has and logs \`weights_refused\` with the reason.`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
