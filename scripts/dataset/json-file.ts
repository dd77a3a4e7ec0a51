/** A JSON file that a person wrote, held against a schema. */
import { readFile } from "node:fs/promises";
import type { z } from "zod";

/** Throws an Error that names the file and, where it can be read, the entry at fault. */
export async function readJsonFile<S extends z.ZodType>(
  path: string,
  schema: S,
): Promise<z.output<S>> {
  const parsed = schema.safeParse(await parseFile(path));
  if (parsed.success) return parsed.data;
  const { path: entry, message } = parsed.error.issues[0]!;
  throw new Error(`${path}: ${entry.map(String).join(".") || "the whole"}: ${message}`);
}

async function parseFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: cannot be read: ${why}`, { cause: error });
  }
}
