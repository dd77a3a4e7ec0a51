/**
 * The list of data sets: which outcome files there are, and which of them may form weights that ship.
 *
 * The list is a JSON file beside the data, `{name: {file, kind, may_ship, ...}}`. Whether a set may ship
 * is a question of its licence, decided by whoever keeps the list; a set that does not say so plainly
 * may not. Other kinds of data (pairs, traces, prices) are in the same list and are left out here.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

const setSchema = z.looseObject({
  file: z.string().min(1),
  kind: z.string(),
  may_ship: z.boolean().default(false),
  licence: z.string().default("not stated"),
  rows: z.int().nonnegative().optional(),
});

const listSchema = z.record(z.string(), setSchema);

/** One set of outcomes. */
export interface OutcomeSet {
  readonly name: string;
  /** Path of the file, resolved against the list's folder. */
  readonly path: string;
  /** Whether weights trained on it may be released. */
  readonly mayShip: boolean;
  readonly licence: string;
}

/** The outcome sets that the list names, in its order. Throws an Error that names the list and the entry at fault. */
export async function listOutcomeSets(listPath: string): Promise<OutcomeSet[]> {
  const parsed = listSchema.safeParse(await readJson(listPath));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new Error(`${listPath}: ${path.map(String).join(".") || "list"}: ${message}`);
  }
  return Object.entries(parsed.data)
    .filter(([, { kind }]) => kind === "outcomes")
    .map(([name, { file, may_ship: mayShip, licence }]) => ({
      name,
      path: join(dirname(listPath), file),
      mayShip,
      licence,
    }));
}

/** Those that may form weights that ship. Throws where the list has none. */
export async function listShippingSets(listPath: string): Promise<OutcomeSet[]> {
  const sets = (await listOutcomeSets(listPath)).filter(({ mayShip }) => mayShip);
  if (sets.length === 0) throw new Error(`${listPath}: no outcome set with "may_ship": true`);
  return sets;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: cannot be read: ${why}`, { cause: error });
  }
}
