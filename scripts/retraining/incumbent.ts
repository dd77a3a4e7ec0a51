/**
 * The release that a new one has to beat: what serves by the rollout in KV, else a folder, which before the first
 * rollout is the release that the service brings along.
 */
import { join } from "node:path";
import { openRelease, unpackRelease, type Release } from "../../router-models/release.ts";
import { openRollout } from "../../router-models/rollout.ts";
import type { KvStore } from "../cloudflare/kv-store.ts";
import { readReleaseFolder } from "../dataset/release-folder.ts";
import { readBlob, readRolloutText } from "../releasing/rollout-storage.ts";

const BROUGHT_ALONG = join(import.meta.dirname, "../../router-models/released/headgate");

export interface Incumbent {
  readonly release: Release;
  /** Where it is no rollout's: it has to serve before anything can be tried beside it. */
  readonly folder?: string;
  /** The trial under way, and when its rollout was last changed, milliseconds since 1970. */
  readonly trial?: { readonly version: string; readonly changedMs: number };
}

/** Rejects where there is none that can be opened. */
export async function findIncumbent(
  folder: string | undefined,
  kv: KvStore | undefined,
): Promise<Incumbent> {
  const served = kv && (await servedRelease(kv));
  if (folder === undefined && served !== undefined) return served;
  const path = folder ?? BROUGHT_ALONG;
  const release = await openRelease(await readReleaseFolder(path));
  return served === undefined ? { release, folder: path } : { ...served, release };
}

/** Undefined where nothing was ever published. Whoever publishes checks who has signed. */
async function servedRelease(kv: KvStore): Promise<Incumbent | undefined> {
  const text = await readRolloutText(kv);
  if (text === undefined) return undefined;
  const { serving, trial, at } = await openRollout(text, []);
  const blob = await readBlob(serving.id, kv);
  if (blob === undefined) throw new Error(`The release that serves, ${serving.id}, is not in KV`);
  const release = await openRelease(unpackRelease(blob), serving.id);
  return {
    release,
    ...(trial && { trial: { version: trial.version, changedMs: Date.parse(at) } }),
  };
}

/** Later than the incumbent's and than any before: `1.0.1-20261123T0610`, UTC. */
export function nextVersion(version: string, now: Date): string {
  const [, major = "1", minor = "0", patch = "0"] = /^(\d+)\.(\d+)\.(\d+)/u.exec(version) ?? [];
  const stamp = now.toISOString().replace(/[-:]/gu, "").slice(0, 13);
  return `${major}.${minor}.${Number(patch) + 1}-${stamp}`;
}
