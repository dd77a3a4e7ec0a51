/**
 * A release into service, or on trial: checked here, blob first, rollout after it.
 *
 * The release is opened and asked for its golden vectors on the WebAssembly that runs at the edge before anything is
 * written. An isolate that reads between the two writes sees the rollout of before. Every isolate checks the blob again
 * for itself; nothing that this does can put an unsound release into service.
 */
import { canary, openRelease, packRelease, type Release } from "../../router-models/release.ts";
import type { Rollout } from "../../router-models/rollout.ts";
import type { KvStore } from "../cloudflare/kv-store.ts";
import { readReleaseFolder } from "../dataset/release-folder.ts";
import { openGraph } from "../evaluation/onnx-graph.ts";
import { published, tried, type Shares } from "./changes.ts";
import { readPresent, writeBlob, writeRollout, type Authority } from "./rollout-storage.ts";

export interface Prepared {
  readonly release: Release;
  readonly blob: Uint8Array<ArrayBuffer>;
  /** Largest difference from a golden vector. */
  readonly canaryWorst: number;
}

/** Reads and checks a release. Rejects with what is wrong. */
export async function prepareRelease(directory: string): Promise<Prepared> {
  const files = await readReleaseFolder(directory);
  const release = await openRelease(files);
  return { release, blob: packRelease(files), canaryWorst: await requireGolden(release) };
}

/** Largest difference of the release's answers from its golden ones. Rejects where one is too large. */
export async function requireGolden(release: Release): Promise<number> {
  const graph = await openGraph(release.model);
  try {
    const { worst, failure } = await canary(release, graph);
    if (failure !== undefined) throw new Error(`Not published: ${failure}`);
    return worst;
  } finally {
    await graph.release();
  }
}

export interface Publication {
  /** Of a trial beside what serves; the release serves at once where left out. */
  readonly shares?: Shares | undefined;
  readonly authority: Authority;
  readonly kv: KvStore;
  readonly nowMs: number;
  /** Is told of each step. */
  readonly say: (line: string) => void;
}

/** Puts a prepared release into service or on trial, and answers the rollout that says so. Rejects with the remedy. */
export async function publishRelease(
  { release, blob }: Pick<Prepared, "release" | "blob">,
  { shares, authority, kv, nowMs, say }: Publication,
): Promise<Rollout> {
  const before = await readPresent(authority, kv);
  if (shares !== undefined && before.rollout === undefined)
    throw new Error(
      "There is nothing to try it against: publish what serves first, without --trial.",
    );
  const { id, manifest } = release;
  const named = { id, version: manifest.version };
  const rollout =
    shares === undefined || before.rollout === undefined
      ? published(before.rollout, named, nowMs)
      : tried(before.rollout, { release: named, ...shares }, nowMs);
  say(`1/2 writing the release ${id}`);
  await writeBlob(id, blob, kv);
  say(`2/2 writing rollout ${rollout.serial}`);
  await writeRollout({ before, rollout }, authority, kv);
  return rollout;
}
