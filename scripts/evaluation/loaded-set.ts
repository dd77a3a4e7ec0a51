/**
 * Outcome files as the sets of an evaluation: rows, a name, and the hash by which a release's manifest
 * names what it was trained on.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { loadOutcomes, type OutcomeFileError, type OutcomeRow } from "../dataset/outcome-file.ts";

export interface LoadedSet {
  readonly name: string;
  /** Of the file's bytes, 64 hex digits. */
  readonly sha256: string;
  readonly rows: readonly OutcomeRow[];
}

export interface ListedFile {
  readonly path: string;
  /** That of the first row where it is left out. */
  readonly name?: string | undefined;
}

/** `onSkipped` is given to leave out bad rows, and told once a file; without it the first one is thrown. */
export async function loadSets(
  files: readonly ListedFile[],
  onSkipped?: (path: string, bad: readonly OutcomeFileError[]) => void,
): Promise<LoadedSet[]> {
  const loaded: LoadedSet[] = [];
  for (const { path, name } of files) {
    const bad: OutcomeFileError[] = [];
    const rows = await loadOutcomes(
      [path],
      onSkipped === undefined ? {} : { onBadRow: (error) => bad.push(error) },
    );
    if (bad.length > 0) onSkipped?.(path, bad);
    loaded.push({ name: name ?? rows[0]!.dataset, sha256: await sha256Of(path), rows });
  }
  return loaded;
}

/** The training rows of sets, one after the other. */
export function trainingRows(sets: readonly LoadedSet[]): OutcomeRow[] {
  return sets.flatMap(({ rows }) => rows.filter(({ split }) => split === "train"));
}

async function sha256Of(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
