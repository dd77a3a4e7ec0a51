/** The files of events that a path means: itself, or in a folder every `.ndjson` and `.ndjson.gz` at any depth. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** In the order of their paths. Rejects where there is none. */
export async function eventPathsOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Error(`${path}: there is no such file or folder`);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.ndjson(\.gz)?$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (paths.length === 0) throw new Error(`${path}: holds no .ndjson and no .ndjson.gz`);
  return paths;
}
