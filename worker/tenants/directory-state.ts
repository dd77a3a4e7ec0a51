/**
 * What the directory keeps of a key, and what becomes of it: made, changed, rotated, revoked. Pure;
 * directory-object.ts keeps the rows.
 *
 * Of a secret there is only its keyed hash. After a rotation the hash before stays until its grace is over;
 * a revoked key keeps its row, so that operators see it and its id is never given out again.
 */
import { z } from "zod";
import type { KeyRecord } from "../domain/directory.ts";
import {
  idSchema,
  keyTermsSchema,
  organisationSchema,
  tenantSchema,
  type KeyTerms,
  type Organisation,
  type Tenant,
} from "../domain/tenant.ts";

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const timeSchema = z.int().nonnegative();

const secretFields = {
  hash: hashSchema,
  /** The secret before, and until when it is good. */
  previous: z.strictObject({ hash: hashSchema, untilMs: timeSchema }).exactOptional(),
  revokedMs: timeSchema.exactOptional(),
};

export const keyRowSchema = z.strictObject({
  id: idSchema,
  tenant: idSchema,
  terms: keyTermsSchema,
  hint: z.string().max(4),
  createdMs: timeSchema,
  rotatedMs: timeSchema.exactOptional(),
  ...secretFields,
});
export type KeyRow = z.output<typeof keyRowSchema>;

/** A tenant and who pays for it. */
export const standingSchema = z.strictObject({
  tenant: tenantSchema,
  organisation: organisationSchema,
});
export type Standing = z.output<typeof standingSchema>;

/** All that the check of a key needs. */
export const keyEntrySchema = z.strictObject({
  caller: standingSchema.extend({ key: keyTermsSchema.extend({ id: idSchema }) }),
  ...secretFields,
});
export type KeyEntry = z.output<typeof keyEntrySchema>;

/** What the directory is told of a secret. */
export interface SecretMark {
  readonly hash: string;
  readonly hint: string;
}

export interface NewKey extends SecretMark {
  readonly id: string;
  readonly tenant: string;
  readonly terms: KeyTerms;
}

export function issue(key: NewKey, nowMs: number): KeyRow {
  return { ...key, createdMs: nowMs };
}

export function change(row: KeyRow, terms: KeyTerms): KeyRow {
  return { ...row, terms };
}

/** Undefined for a revoked key. A second rotation ends the grace of the first. */
export function rotate(
  row: KeyRow,
  mark: SecretMark,
  { nowMs, graceMs }: { nowMs: number; graceMs: number },
): KeyRow | undefined {
  if (row.revokedMs !== undefined) return undefined;
  const { previous: _, ...rest } = row;
  const previous = { hash: row.hash, untilMs: nowMs + graceMs };
  return { ...rest, ...mark, rotatedMs: nowMs, ...(graceMs > 0 && { previous }) };
}

export function revoke(row: KeyRow, nowMs: number): KeyRow {
  return row.revokedMs === undefined ? { ...row, revokedMs: nowMs } : row;
}

/** Whether there is just what somebody has read. Both go through the schema, which puts fields in one order. */
export function isSame(schema: z.ZodType, current: unknown, expected: unknown): boolean {
  if (current === undefined) return false;
  return JSON.stringify(schema.parse(current)) === JSON.stringify(schema.parse(expected));
}

/** The row as operators see it: without hashes. */
export function recordOf(row: KeyRow): KeyRecord {
  const { hash: _, previous, ...rest } = row;
  return { ...rest, ...(previous !== undefined && { graceUntilMs: previous.untilMs }) };
}

/** @param organisation The one that the tenant names, where it names one. */
export function standingOf(tenant: Tenant, organisation: Organisation | undefined): Standing {
  const own = { id: tenant.id, name: tenant.name, budgets: [] };
  return { tenant, organisation: organisation ?? own };
}

export function entryOf(row: KeyRow, standing: Standing): KeyEntry {
  const { id, terms, hash, previous, revokedMs } = row;
  return {
    caller: { ...standing, key: { ...terms, id } },
    hash,
    ...(previous !== undefined && { previous }),
    ...(revokedMs !== undefined && { revokedMs }),
  };
}
