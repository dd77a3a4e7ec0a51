/** /admin/tenants: whom keys belong to, with the policy, models, budgets and limits of all of them. */
import { RouterError } from "../../../domain/errors.ts";
import type { Tenant } from "../../../domain/tenant.ts";
import { feedbackUnreachable } from "../../../pipeline/give-feedback.ts";
import type { HttpContext } from "../../context.ts";
import {
  newTenantSchema,
  patched,
  tenantBodySchema,
  tenantPatchSchema,
} from "../../wire/admin-bodies.ts";
import { listView, removedView } from "../../wire/admin-views.ts";
import { readBody } from "../../wire/json-body.ts";
import { eraseCache } from "./cache.ts";
import {
  bodyOf,
  conflict,
  directoryIn,
  idIn,
  logChange,
  requireSame,
  shutOut,
  unknown,
  untilSaved,
} from "./change.ts";
import { eraseKeptEvents } from "./events.ts";

export async function listTenants(context: HttpContext): Promise<Response> {
  return context.json(listView(await directoryIn(context).tenants()));
}

/** Throws RouterError 404. */
export async function readTenant(context: HttpContext): Promise<Response> {
  return context.json(await tenantIn(context));
}

/** Throws RouterError 409 where there is one already. */
export async function createTenant(context: HttpContext): Promise<Response> {
  const tenant = await bodyOf(context, newTenantSchema);
  const outcome = await directoryIn(context).createTenant(tenant);
  if (outcome === "exists")
    throw conflict(
      `There is a tenant "${tenant.id}"; PATCH /admin/tenants/${tenant.id} changes it`,
      "tenant_exists",
    );
  if (outcome === "unknown_organisation") throw unknownPayer(tenant);
  logChange(context, "tenant_created", tenant.id);
  return context.json(tenant);
}

export async function putTenant(context: HttpContext): Promise<Response> {
  const id = idIn(context, "tenant");
  const body = await bodyOf(context, tenantBodySchema);
  requireSame(id, body.id);
  const tenant = { ...body, id };
  const outcome = await directoryIn(context).putTenant(tenant);
  if (outcome === "unknown_organisation") throw unknownPayer(tenant);
  logChange(context, "tenant_saved", id);
  return context.json(tenant);
}

/** Throws RouterError 404. */
export async function changeTenant(context: HttpContext): Promise<Response> {
  const { now: isAtOnce, ...patch } = await bodyOf(context, tenantPatchSchema);
  if (isAtOnce === true && patch["is_disabled"] !== true) throw nothingAtOnce();
  const { before, after } = await untilSaved(async () => {
    const old = await tenantIn(context);
    const tenant = readBody(newTenantSchema, patched(old, patch));
    const outcome = await directoryIn(context).putTenant(tenant, old);
    if (outcome === "unknown_organisation") throw unknownPayer(tenant);
    return outcome === "saved" ? { before: old, after: tenant } : outcome;
  });
  logChange(context, "tenant_changed", after.id);
  // Isolates may still draw on the organisation before.
  const payers = isAtOnce === true ? new Set([before, after].map(payerOf)) : [];
  for (const payer of payers) await shutTenant(context, payer, `Tenant "${after.id}" is disabled`);
  return context.json(after);
}

/** With all of its keys, what it has said of its answers, its cache and its events. Throws RouterError 404, 503. */
export async function removeTenant(context: HttpContext): Promise<Response> {
  const id = idIn(context, "tenant");
  // First, because nobody could ask for it again afterwards.
  if (isNow(context))
    await shutTenant(
      context,
      payerOf(await tenantIn(context)),
      `Tenant "${id}" is there as before; without now it would be gone`,
    );
  // Before the tenant is gone, so that a removal that fails here may be repeated.
  await context.var.deps.feedback?.erase(id).catch(feedbackUnreachable);
  await eraseCache(context);
  await eraseKeptEvents(context);
  if ((await directoryIn(context).removeTenant(id)) === "unknown") throw unknown("tenant", id);
  logChange(context, "tenant_removed", id);
  return context.json(removedView(id));
}

async function tenantIn(context: HttpContext): Promise<Tenant> {
  const id = idIn(context, "tenant");
  const tenant = await directoryIn(context).tenant(id);
  if (tenant === undefined) throw unknown("tenant", id);
  return tenant;
}

function payerOf({ id, organisation }: Tenant): string {
  return organisation ?? id;
}

async function shutTenant(context: HttpContext, payer: string, already: string): Promise<void> {
  const gate = `tenant:${idIn(context, "tenant")}`;
  await shutOut(context, { organisation: payer, gate, already });
}

/** `?now=true`. Throws RouterError 400 for what is neither that nor false. */
function isNow(context: HttpContext): boolean {
  const given = context.req.query("now") ?? "false";
  if (given === "true" || given === "false") return given === "true";
  throw new RouterError("invalid_request_error", "now: must be true or false", {
    code: "invalid_query",
    param: "now",
  });
}

function nothingAtOnce(): RouterError {
  return new RouterError("invalid_request_error", "now: goes with is_disabled, and that true", {
    code: "invalid_body",
    param: "now",
  });
}

function unknownPayer({ organisation }: Tenant): RouterError {
  return new RouterError(
    "invalid_request_error",
    `organisation: there is no ${JSON.stringify(organisation)}; ` +
      `PUT /admin/organisations/${organisation} makes it`,
    { code: "unknown_organisation", param: "organisation" },
  );
}
