/**
 * The release that a person means: by its label, `version@sha256-12`, by the beginning of its id, or by a version that
 * the rollout knows.
 *
 * What the rollout does not name is looked up in KV and opened, so that nothing can be pinned to what is not there, or
 * is no release.
 */
import { openRelease, unpackRelease } from "../../router-models/release.ts";
import type { NamedRelease, Rollout } from "../../router-models/rollout.ts";
import type { KvStore } from "../cloudflare/kv-store.ts";
import { namesIn } from "./changes.ts";
import { labelOf } from "./described.ts";
import { listReleases, readBlob } from "./rollout-storage.ts";

/** Rejects, naming what there is, where none or more than one is meant. */
export async function findRelease(
  wanted: string,
  rollout: Rollout,
  kv: KvStore,
): Promise<NamedRelease> {
  const known = namesIn(rollout).map(({ release }) => release);
  const beginning = idIn(wanted);
  const meant = known.filter(
    ({ id, version }) =>
      wanted === version || (beginning !== undefined && id.startsWith(beginning)),
  );
  if (meant.length === 1) return meant[0]!;
  const isUnknown = meant.length === 0 && beginning !== undefined;
  const ids = isUnknown ? await listReleases(beginning, kv) : [];
  if (ids.length === 1) return open(ids[0]!, kv);
  const isMany = meant.length > 1 || ids.length > 1;
  throw new Error(
    `${JSON.stringify(wanted)} is ${isMany ? "more than one release" : "no release in KV"}. The rollout names ` +
      `${known.map(labelOf).join(", ")}; others are found by version@sha256 or by their id.`,
  );
}

/** The beginning of the id in a label or an id, twelve digits at least. */
function idIn(wanted: string): string | undefined {
  return /^(?:[0-9A-Za-z.-]{1,32}@)?([0-9a-f]{12,64})$/.exec(wanted)?.[1];
}

async function open(id: string, kv: KvStore): Promise<NamedRelease> {
  const blob = await readBlob(id, kv);
  if (blob === undefined) throw new Error(`The release ${id} is not in KV.`);
  const { manifest } = await openRelease(unpackRelease(blob), id);
  return { id, version: manifest.version };
}
