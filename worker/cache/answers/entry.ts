/**
 * An entry: an answer as it lies on a shelf, with all that says whether it is still to be given.
 *
 * Purges are counted, not timed, because clocks differ: an entry names the count at which its question was asked, and
 * a tag that was purged at a later count has ended it, also where it was put there after the purge.
 */
import { z } from "zod";
import { keptAnswerSchema } from "../../domain/kept-answer.ts";
import { jsonIn } from "../../lib/json.ts";

/** UTF-16 units of an entry: 1 Mi, more than any vendor's longest answer as text. */
export const MAX_ENTRY_LENGTH = 1 << 20;

const entrySchema = z.strictObject({
  version: z.literal(1),
  answer: keptAnswerSchema,
  /** What it says, where that is one text. */
  said: z.string().nullable(),
  tags: z.array(z.string()),
  /** Purges of its namespace before it was asked for. */
  purges: z.int().nonnegative(),
  storedMs: z.int().nonnegative(),
  /** When nobody is to be given it any more, milliseconds since 1970. */
  expiresMs: z.int().nonnegative(),
});
export type Entry = z.output<typeof entrySchema>;

/** Undefined for one that is too long to be kept. */
export function textOf(entry: Entry): string | undefined {
  const text = JSON.stringify(entry);
  return text.length > MAX_ENTRY_LENGTH ? undefined : text;
}

/** Undefined for what is none of this version's. */
export function entryIn(text: string): Entry | undefined {
  return entrySchema.safeParse(jsonIn(text)).data;
}

interface Asked {
  readonly nowMs: number;
  /** How old it may be, milliseconds. */
  readonly maxAgeMs: number;
  /** The count at which each tag was last purged. */
  readonly purged: ReadonlyMap<string, number>;
}

/** Whether an entry may be given now. */
export function isGood(entry: Entry, { nowMs, maxAgeMs, purged }: Asked): boolean {
  if (nowMs >= entry.expiresMs || nowMs - entry.storedMs > maxAgeMs) return false;
  return entry.tags.every((tag) => (purged.get(tag) ?? 0) <= entry.purges);
}
