/** A report as a folder: the table to read, the numbers behind it, and the pictures that it names. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Picture } from "./evaluation-pictures.ts";

export interface Report {
  /** Plain data; becomes report.json. */
  readonly result: unknown;
  /** Markdown; becomes report.md. */
  readonly table: string;
  readonly pictures: readonly Picture[];
}

/** Makes the folder where there is none; files of an earlier report are replaced. */
export async function writeReport(
  folder: string,
  { result, table, pictures }: Report,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "report.md"), table);
  await writeFile(join(folder, "report.json"), `${JSON.stringify(result, null, 2)}\n`);
  for (const { name, svg } of pictures) await writeFile(join(folder, name), svg);
}
