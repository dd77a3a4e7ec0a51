/**
 * What isolates and shards say to one another. Each side reads what the other says by these schemas, since the two may be
 * of different versions: fields that are not known yet are left out, and what does not fit is an error at whoever
 * reads it.
 */
import { z } from "zod";
import {
  MAX_NEIGHBOUR_TEXT,
  MAX_NEIGHBOURS,
  type NeighbourEntry,
} from "../../domain/neighbours.ts";
import { MAX_DIMS, STEP_DIMS } from "./vector-matrix.ts";

/** Shards of a namespace: a lookup asks all of them at once. */
export const MAX_SHARDS = 10;

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits");
const timeSchema = z.number().min(0);
const vectorSchema = z
  .instanceof(Int8Array)
  .refine(
    ({ length }) => length > 0 && length <= MAX_DIMS && length % STEP_DIMS === 0,
    `must have a multiple of ${STEP_DIMS} numbers, at most ${MAX_DIMS}`,
  );

export const idSchema = digestSchema;
export const shardsSchema = z.int().min(1).max(MAX_SHARDS);

export const searchSchema = z.object({
  vector: vectorSchema,
  frame: digestSchema,
  nowMs: timeSchema,
  count: z.int().min(1).max(MAX_NEIGHBOURS),
  atLeast: z.number().min(-1).max(1),
});

export const insertionSchema = z.object({
  id: idSchema,
  frame: digestSchema,
  vector: vectorSchema,
  text: z.string().max(MAX_NEIGHBOUR_TEXT),
  epoch: z.int(),
  expiresMs: timeSchema,
  /** Whether a full shard lets go of the entry that was not used for longest, or answers `full`. */
  isLastResort: z.boolean(),
});

/** How many shards the namespace has, as the shard knows it; only the first one does. */
const counted = { shards: shardsSchema };

export const foundSchema = z.object({
  ...counted,
  /** Null from a shard that has not read all of its rows yet. */
  found: z
    .array(z.object({ id: idSchema, similarity: z.number(), text: z.string(), epoch: z.int() }))
    .nullable(),
});
export const insertedSchema = z.object({
  ...counted,
  outcome: z.enum(["kept", "full", "refused"]),
});
export const removedSchema = z.object(counted);

export interface Insertion extends NeighbourEntry {
  readonly isLastResort: boolean;
}
export type Found = z.output<typeof foundSchema>;
export type Inserted = z.output<typeof insertedSchema>;
export type Removed = z.output<typeof removedSchema>;

/** A shard as an isolate sees it. Rejects what it cannot read, and when it cannot be reached. */
export interface ShardPort {
  nearest(search: unknown): Promise<unknown>;
  insert(insertion: unknown): Promise<unknown>;
  remove(id: unknown): Promise<unknown>;
  /** Says, to the first shard, that there are so many at least; the answer says how many there are. */
  open(shards: unknown): Promise<unknown>;
  erase(): Promise<unknown>;
}
