/**
 * What operators send. Bodies are the directory's own schemas, but for times, which people write as ISO 8601.
 *
 * What is answered to GET may be sent back with PUT. A PATCH names fields: those given are replaced as a whole,
 * null puts one back to what it is when nobody says anything. What is unknown is refused by name, or a misspelt
 * limit would be none.
 */
import { z } from "zod";
import { RouterError } from "../../domain/errors.ts";
import {
  idSchema,
  keyTermsSchema,
  organisationSchema,
  tenantSchema,
  type KeyTerms,
} from "../../domain/tenant.ts";
import { readBody } from "./json-body.ts";

/** The path has the id as well; one in the body must be the same. */
export const organisationBodySchema = organisationSchema.extend({ id: idSchema.optional() });
export const tenantBodySchema = tenantSchema.extend({ id: idSchema.optional() });
export const newTenantSchema = tenantSchema;
export const tenantPatchSchema = patchOf({
  ...tenantSchema.omit({ id: true }).shape,
  now: z
    .boolean()
    .describe(
      "With is_disabled: also for isolates that have just checked a key; holds two minutes",
    ),
});

const YEAR_S = 366 * 86_400;

const expiry = {
  expires_at: z.iso
    .datetime({ offset: true, error: "must be a time such as 2027-01-31T00:00:00Z" })
    .optional(),
  expires_in_s: z
    .int()
    .min(1)
    .max(10 * YEAR_S)
    .optional(),
};

const withoutExpiry = keyTermsSchema.omit({ expires_ms: true });
export const keyBodySchema = withoutExpiry.extend(expiry);
export const keyPatchSchema = patchOf(keyBodySchema.shape);

export const rotationSchema = z.strictObject({
  /** How long the secret before is still good. */
  grace_s: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400),
});

export const revocationSchema = z.strictObject({
  /** Else isolates that have just checked the key may serve it for up to a minute. */
  now: z.boolean().default(false),
});

export const billSchema = z.strictObject({
  request_id: z.string().min(1).max(200),
  /** What the vendor has billed for it, micro-dollars at the finest. */
  cost_usd: z.number().min(0).max(1_000_000),
});

/** The fields of a PATCH: any of them, none filled in. */
function patchOf(shape: z.ZodRawShape): z.ZodType<Record<string, unknown>> {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(shape).map(([name, field]) => [
        name,
        z.nullish(field instanceof z.ZodDefault ? field.unwrap() : field),
      ]),
    ),
  );
}

/** A record with the fields of a PATCH put in place. */
export function patched(
  current: object,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries({ ...current, ...patch }).filter(([, value]) => value !== null),
  );
}

/** What is said of a new key. Throws RouterError 400 for an end that has passed. */
export function termsOf(
  { expires_at, expires_in_s, ...terms }: z.output<typeof keyBodySchema>,
  nowMs: number,
): KeyTerms {
  return withExpiry(terms, expiryOf({ expires_at, expires_in_s }, nowMs));
}

/** What is said of a key after a PATCH. Throws RouterError 400 for an end that has passed. */
export function changedTerms(
  { expires_ms, ...terms }: KeyTerms,
  { expires_at, expires_in_s, ...patch }: Readonly<Record<string, unknown>>,
  nowMs: number,
): KeyTerms {
  const isKept = expires_at === undefined && expires_in_s === undefined;
  const changed = readBody(withoutExpiry, patched(terms, patch));
  return withExpiry(changed, isKept ? expires_ms : expiryOf({ expires_at, expires_in_s }, nowMs));
}

function withExpiry(terms: Omit<KeyTerms, "expires_ms">, expiresMs: number | undefined): KeyTerms {
  return { ...terms, ...(expiresMs !== undefined && { expires_ms: expiresMs }) };
}

/** Milliseconds since 1970; undefined for a key without end. */
function expiryOf(
  { expires_at: at, expires_in_s: inSeconds }: Readonly<Record<keyof typeof expiry, unknown>>,
  nowMs: number,
): number | undefined {
  if (typeof inSeconds !== "number") {
    if (typeof at !== "string") return undefined;
    const expiresMs = Date.parse(at);
    if (expiresMs > nowMs) return expiresMs;
    throw wrong("expires_at", `${at} has passed; a key that is to end now is revoked`);
  }
  if (typeof at === "string") throw wrong("expires_in_s", "says the same as expires_at; give one");
  return nowMs + inSeconds * 1000;
}

function wrong(param: string, message: string): RouterError {
  return new RouterError("invalid_request_error", `${param}: ${message}`, {
    code: "invalid_body",
    param,
  });
}
