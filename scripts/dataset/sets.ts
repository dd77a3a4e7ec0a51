/**
 * The list of data sets: which outcome files there are, and which of them may form weights that ship.
 *
 * The list is a JSON file beside the data, `{name: {file, kind, may_ship, ...}}`. Whether a set may ship
 * is a question of its licence, decided by whoever keeps the list; a set that does not say so plainly
 * may not. Other kinds of data (pairs, traces, prices) are in the same list and are left out here.
 */
import { dirname, join } from "node:path";
import { z } from "zod";
import { readJsonFile } from "./json-file.ts";

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
  const list = await readJsonFile(listPath, listSchema);
  return Object.entries(list)
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
