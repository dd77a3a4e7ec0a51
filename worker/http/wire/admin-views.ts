/**
 * What operators read. Organisations and tenants look as they are written, so that what was read can be changed
 * and sent back; of a key there is more to say than an operator has said.
 */
import { z } from "zod";
import type { IssuedKey, KeyRecord } from "../../domain/directory.ts";
import type { Unbilled } from "../../domain/ledger.ts";
import { keyTermsSchema, organisationSchema, tenantSchema } from "../../domain/tenant.ts";
import { billSchema } from "./admin-bodies.ts";

const time = z.iso.datetime();

export const keySchema = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  status: z.enum(["active", "expired", "revoked"]),
  ...keyTermsSchema.omit({ expires_ms: true }).shape,
  hint: z.string().describe("The secret's last four characters"),
  created_at: time,
  expires_at: time.optional(),
  rotated_at: time.optional().describe("When its secret was last made anew"),
  grace_until: time.optional().describe("Until when the secret before that is good"),
  revoked_at: time.optional(),
});

export const issuedKeySchema = keySchema.extend({
  secret: z.string().describe("What clients send; begins with slc_"),
  note: z.string(),
});

export const removedSchema = z.strictObject({ id: z.string(), deleted: z.literal(true) });

export const organisationListSchema = listOf(organisationSchema);
export const tenantListSchema = listOf(tenantSchema);
export const keyListSchema = listOf(keySchema);

function listOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ object: z.literal("list"), data: z.array(item) });
}

const unbilledSchema = z.strictObject({
  request_id: z.string(),
  why: z.enum(["lapsed", "estimated"]),
  since: z.iso.datetime(),
  /** What is booked for it, by account: micro-dollars of money, else requests and tokens. */
  amounts: z.array(z.strictObject({ account: z.string(), amount: z.number() })),
});
export const unbilledListSchema = listOf(unbilledSchema);
export const settlementSchema = z.strictObject({
  object: z.literal("settlement"),
  ...billSchema.shape,
});

export function unbilledView({
  id,
  why,
  sinceMs,
  amounts,
}: Unbilled): z.output<typeof unbilledSchema> {
  return {
    request_id: id,
    why,
    since: new Date(sinceMs).toISOString(),
    amounts: amounts.map(({ account, amount }) => ({ account, amount })),
  };
}

export function listView<T>(data: readonly T[]): { object: "list"; data: readonly T[] } {
  return { object: "list", data };
}

export function removedView(id: string): z.output<typeof removedSchema> {
  return { id, deleted: true };
}

export function keyView(record: KeyRecord, nowMs: number): z.output<typeof keySchema> {
  const { expires_ms: expiresMs, ...terms } = record.terms;
  return {
    id: record.id,
    tenant: record.tenant,
    status: statusOf(record, nowMs),
    ...terms,
    hint: record.hint,
    created_at: isoOf(record.createdMs),
    ...(expiresMs !== undefined && { expires_at: isoOf(expiresMs) }),
    ...(record.rotatedMs !== undefined && { rotated_at: isoOf(record.rotatedMs) }),
    ...(record.graceUntilMs !== undefined && { grace_until: isoOf(record.graceUntilMs) }),
    ...(record.revokedMs !== undefined && { revoked_at: isoOf(record.revokedMs) }),
  };
}

export function issuedKeyView(
  { record, secret }: IssuedKey,
  nowMs: number,
): z.output<typeof issuedKeySchema> {
  const note =
    "The secret is shown this once: only a hash of it is kept. If it is lost, rotate the key.";
  return { ...keyView(record, nowMs), secret, note };
}

function statusOf(
  { revokedMs, terms }: KeyRecord,
  nowMs: number,
): z.output<typeof keySchema>["status"] {
  if (revokedMs !== undefined) return "revoked";
  return terms.expires_ms !== undefined && terms.expires_ms <= nowMs ? "expired" : "active";
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
