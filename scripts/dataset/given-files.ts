/**
 * Which outcome files a command reads: those it is given, or else the sets of a list that may ship.
 */
import { listShippingSets } from "./sets.ts";

/**
 * The files named by `--data`, each use a list with commas, and by the arguments that follow it. Throws an
 * Error for arguments without `--data`.
 */
export function givenFiles(data: readonly string[], following: readonly string[]): string[] {
  if (following.length > 0 && data.length === 0)
    throw new Error(`Unknown argument "${following[0]}"; files are given with --data`);
  const files = [...data.flatMap((list) => list.split(",")), ...following];
  return files.map((file) => file.trim()).filter((file) => file !== "");
}

/** `name` is there for the sets of the list alone. Rejects as `listShippingSets` does. */
export async function listFiles({
  files,
  sets,
}: {
  readonly files: readonly string[];
  /** Path of the list that counts where no file is given. */
  readonly sets: string;
}): Promise<{ readonly path: string; readonly name?: string }[]> {
  return files.length > 0 ? files.map((path) => ({ path })) : listShippingSets(sets);
}
