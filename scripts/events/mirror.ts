/**
 * A copy of the files of events in a folder, so that each is fetched once and a run that is killed goes on.
 *
 * The folder is made what the source is: what is new or has another size is fetched, and what the source has no more,
 * because its time is over or its tenant was erased, is removed here too. A file appears whole or not at all.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { partsOfKey, type EventFile, type EventSource } from "./source.ts";

export interface Pulled {
  /** Paths of all files of the copy, in the order of keys. */
  readonly paths: readonly string[];
  /** Keys that were fetched. */
  readonly fetched: readonly string[];
  /** Files that the source has no more. */
  readonly removed: number;
  /** Of all files, packed as they are. */
  readonly bytes: number;
  /** Equal for equal lists of files; SHA-256 over keys and sizes. */
  readonly digest: string;
}

export interface PullOptions {
  /** Files of hours that ended before are left out; milliseconds since 1970. */
  readonly sinceMs: number;
  readonly onFile?: (done: number, total: number) => void;
}

/** Rejects as the source does; what was fetched until then is kept. */
export async function pullEvents(
  source: EventSource,
  folder: string,
  { sinceMs, onFile = () => {} }: PullOptions,
): Promise<Pulled> {
  const files: EventFile[] = [];
  for await (const file of source.list())
    if ((partsOfKey(file.key)?.endMs ?? Infinity) > sinceMs) files.push(file);
  await mkdir(folder, { recursive: true });
  const removed = await removeOthers(folder, new Set(files.map(({ key }) => key)));
  const fetched: string[] = [];
  for (const [done, { key, bytes }] of files.entries()) {
    const path = join(folder, key);
    if ((await sizeOf(path)) !== bytes) {
      const content = await source.read(key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.part`, content);
      await rename(`${path}.part`, path);
      fetched.push(key);
    }
    onFile(done + 1, files.length);
  }
  return {
    paths: files.map(({ key }) => join(folder, key)),
    fetched,
    removed,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    digest: createHash("sha256").update(JSON.stringify(files)).digest("hex"),
  };
}

async function removeOthers(folder: string, wanted: ReadonlySet<string>): Promise<number> {
  let removed = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const key = path
      .slice(join(folder, "x").length - 1)
      .split(/[\\/]/u)
      .join("/");
    if (wanted.has(key)) continue;
    await rm(path);
    removed++;
  }
  return removed;
}

/** −1 where there is none. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}
