/**
 * Files of a foreign format as the sets of an evaluation, one for each data set that the files name.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Format, ImportedRow, SourceText } from "./imported-row.ts";
import { parseLlmRouterBench } from "./llmrouterbench.ts";
import { parseRouteLlm } from "./routellm.ts";
import { parseRouterBench } from "./routerbench.ts";

const PARSERS: Record<Format, (files: readonly SourceText[]) => ImportedRow[]> = {
  routellm: parseRouteLlm,
  routerbench: parseRouterBench,
  llmrouterbench: parseLlmRouterBench,
};

export interface ImportedSet {
  readonly name: string;
  /** Of all the files' bytes together, 64 hex digits. */
  readonly sha256: string;
  readonly rows: readonly ImportedRow[];
}

/** Plain or gzipped files. Rejects with file and line for what cannot be read, and where no row is left. */
export async function importFiles(
  format: Format,
  paths: readonly string[],
): Promise<ImportedSet[]> {
  const hash = createHash("sha256");
  const files: SourceText[] = [];
  for (const path of paths) {
    const bytes = await readFile(path);
    hash.update(bytes);
    const isPacked = path.endsWith(".gz");
    const text = (isPacked ? gunzipSync(bytes) : bytes).toString("utf8");
    files.push({ path: isPacked ? path.slice(0, -".gz".length) : path, text });
  }
  const rows = PARSERS[format](files);
  if (rows.length === 0) throw new Error(`${paths.join(", ")}: no row to evaluate`);
  const sha256 = hash.digest("hex");
  return [...Map.groupBy(rows, ({ dataset }) => dataset)].map(([name, own]) => ({
    name,
    sha256,
    rows: own,
  }));
}
