/**
 * The releases that a log's decisions can be made again with: found in folders, by what a record or a person calls them.
 *
 * A place is a release's folder, a blob as KV has it, or a folder of such. Only manifests are read to find them, and a
 * release is opened and asked for its golden vectors when somebody needs it. Of the same release in two places one is
 * kept.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { manifestSchema } from "../../router-models/manifest.ts";
import {
  openRelease,
  sha256Hex,
  unpackRelease,
  weightsLabel,
  type Release,
  type ReleaseFiles,
} from "../../router-models/release.ts";
import { readReleaseFolder } from "../dataset/release-folder.ts";

/** A release that is known of. */
export interface FoundRelease {
  readonly id: string;
  /** `version@sha256-12` */
  readonly label: string;
  readonly version: string;
  readonly place: string;
  /** Checked; rejects where its files are not what they say. */
  open(): Promise<Release>;
}

export class Releases {
  readonly #found = new Map<string, FoundRelease>();

  /** Takes in all releases of a place. Rejects where there is none. */
  async add(place: string): Promise<readonly FoundRelease[]> {
    const there = await stat(place).catch(() => undefined);
    if (there === undefined) throw new Error(`${place}: there is no such file or folder`);
    const paths = there.isDirectory() ? [place, ...(await pathsIn(place))] : [place];
    const found: FoundRelease[] = [];
    const whys: string[] = [];
    for (const path of paths) {
      const release = await releaseAt(path);
      if ("why" in release) whys.push(release.why);
      else found.push(release);
    }
    if (found.length === 0)
      throw new Error(
        `${place}: is no release, no blob of one, and no folder of such: ${whys[0] ?? "it is empty"}`,
      );
    for (const release of found)
      if (!this.#found.has(release.id)) this.#found.set(release.id, release);
    return found.map(({ id }) => this.#found.get(id)!);
  }

  /** By its full id or label; undefined where it is not at hand. */
  find(name: string): FoundRelease | undefined {
    return this.#found.get(name) ?? this.#all().find(({ label }) => label === name);
  }

  /**
   * What a person means: an id or its beginning, a label, a version, a released folder's name, or a place, which is
   * taken in. Throws where that is nothing, or several.
   */
  async named(name: string): Promise<FoundRelease> {
    const exact = this.find(name);
    if (exact !== undefined) return exact;
    const meant = this.#all().filter(
      ({ id, version, place }) =>
        version === name ||
        basename(place) === name ||
        (/^[0-9a-f]{6,}$/.test(name) && id.startsWith(name)),
    );
    if (meant.length === 1) return meant[0]!;
    if (meant.length > 1)
      throw new Error(`${name} are several: ${meant.map(({ label }) => label).join(", ")}`);
    const isPlace = await stat(name).then(
      () => true,
      () => false,
    );
    const known = this.#all().map(({ label }) => label);
    if (!isPlace) throw new Error(`No weights ${name} are at hand, only ${known.join(", ")}`);
    const placed = await this.add(name);
    if (placed.length === 1) return placed[0]!;
    throw new Error(`${name} holds several: ${placed.map(({ label }) => label).join(", ")}`);
  }

  #all(): FoundRelease[] {
    return [...this.#found.values()];
  }
}

async function pathsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name));
}

/** Or why it is none. */
async function releaseAt(path: string): Promise<FoundRelease | { readonly why: string }> {
  const read = (await stat(path)).isDirectory() ? readReleaseFolder : readBlob;
  const manifest = await read(path).then(
    (files) => files.manifest,
    (error: unknown) => ({ why: error instanceof Error ? error.message : String(error) }),
  );
  if ("why" in manifest) return manifest;
  const parsed = manifestSchema.safeParse(jsonOf(manifest));
  if (!parsed.success) {
    const { path: field, message } = parsed.error.issues[0]!;
    return { why: `manifest.json: ${field.map(String).join(".")}: ${message}` };
  }
  const { version } = parsed.data;
  const id = await sha256Hex(manifest);
  return {
    id,
    label: weightsLabel({ id, manifest: parsed.data }),
    version,
    place: path,
    open: async () => openRelease(await read(path), id),
  };
}

async function readBlob(path: string): Promise<ReleaseFiles> {
  return unpackRelease(new Uint8Array(await readFile(path)));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
