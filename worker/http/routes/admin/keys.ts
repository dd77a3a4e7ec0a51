/**
 * /admin/tenants/:id/keys and /admin/keys: made, changed, made anew, revoked. A secret is in the answer that
 * makes it, and nowhere else.
 */
import type { KeyRecord } from "../../../domain/directory.ts";
import type { HttpContext } from "../../context.ts";
import {
  changedTerms,
  keyBodySchema,
  keyPatchSchema,
  revocationSchema,
  rotationSchema,
  termsOf,
} from "../../wire/admin-bodies.ts";
import { issuedKeyView, keyView, listView } from "../../wire/admin-views.ts";
import {
  bodyOf,
  conflict,
  directoryIn,
  idIn,
  logChange,
  shutOut,
  unknown,
  untilSaved,
} from "./change.ts";

/** Throws RouterError 404 for the tenant. */
export async function keysOf(context: HttpContext): Promise<Response> {
  const tenant = idIn(context, "tenant");
  const records = await directoryIn(context).keys(tenant);
  if (records === undefined) throw unknown("tenant", tenant);
  return context.json(listView(records.map((record) => keyView(record, nowMsIn(context)))));
}

/** Throws RouterError 404 for the tenant. */
export async function createKey(context: HttpContext): Promise<Response> {
  const tenant = idIn(context, "tenant");
  const terms = termsOf(await bodyOf(context, keyBodySchema), nowMsIn(context));
  const issued = await directoryIn(context).createKey(tenant, terms);
  if (issued === undefined) throw unknown("tenant", tenant);
  logChange(context, "key_created", issued.record.id);
  return context.json(issuedKeyView(issued, nowMsIn(context)));
}

/** Throws RouterError 404. */
export async function readKey(context: HttpContext): Promise<Response> {
  return context.json(keyView(await recordIn(context), nowMsIn(context)));
}

/** Throws RouterError 404. */
export async function changeKey(context: HttpContext): Promise<Response> {
  const patch = await bodyOf(context, keyPatchSchema);
  const record = await untilSaved(async () => {
    const { id, terms } = await recordIn(context);
    const changed = changedTerms(terms, patch, nowMsIn(context));
    const outcome = await directoryIn(context).changeKey(id, changed, terms);
    if (outcome === undefined) throw unknown("key", id);
    return outcome;
  });
  logChange(context, "key_changed", record.id);
  return context.json(keyView(record, nowMsIn(context)));
}

/** Throws RouterError 404, or 409 for a key that is revoked. */
export async function rotateKey(context: HttpContext): Promise<Response> {
  const { grace_s: graceS } = await bodyOf(context, rotationSchema);
  const { id, tenant } = await recordIn(context);
  const issued = await directoryIn(context).rotateKey(id, graceS * 1000);
  if (issued === undefined)
    throw conflict(
      `Key "${id}" is revoked; POST /admin/tenants/${tenant}/keys makes another`,
      "key_revoked",
    );
  logChange(context, "key_rotated", id);
  return context.json(issuedKeyView(issued, nowMsIn(context)));
}

/** Throws RouterError 404. May be repeated, also with `now` after it was done without. */
export async function revokeKey(context: HttpContext): Promise<Response> {
  const { now: isAtOnce } = await bodyOf(context, revocationSchema);
  const id = idIn(context, "key");
  const record = await directoryIn(context).revokeKey(id);
  if (record === undefined) throw unknown("key", id);
  logChange(context, "key_revoked", id);
  if (isAtOnce) {
    const tenant = await directoryIn(context).tenant(record.tenant);
    const organisation = tenant?.organisation ?? record.tenant;
    await shutOut(context, { organisation, gate: `key:${id}`, already: `Key "${id}" is revoked` });
  }
  return context.json(keyView(record, nowMsIn(context)));
}

async function recordIn(context: HttpContext): Promise<KeyRecord> {
  const id = idIn(context, "key");
  const record = await directoryIn(context).key(id);
  if (record === undefined) throw unknown("key", id);
  return record;
}

function nowMsIn({ var: { deps } }: HttpContext): number {
  return deps.pipeline.clock.nowMs();
}
