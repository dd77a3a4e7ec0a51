/** /admin/organisations: who pays, and what all of its tenants together may spend. */
import type { HttpContext } from "../../context.ts";
import { organisationBodySchema } from "../../wire/admin-bodies.ts";
import { listView, removedView } from "../../wire/admin-views.ts";
import { bodyOf, conflict, directoryIn, idIn, logChange, requireSame, unknown } from "./change.ts";

export async function listOrganisations(context: HttpContext): Promise<Response> {
  return context.json(listView(await directoryIn(context).organisations()));
}

/** Throws RouterError 404. */
export async function readOrganisation(context: HttpContext): Promise<Response> {
  const id = idIn(context, "organisation");
  const all = await directoryIn(context).organisations();
  const found = all.find((organisation) => organisation.id === id);
  if (found === undefined) throw unknown("organisation", id);
  return context.json(found);
}

export async function putOrganisation(context: HttpContext): Promise<Response> {
  const id = idIn(context, "organisation");
  const body = await bodyOf(context, organisationBodySchema);
  requireSame(id, body.id);
  const organisation = { ...body, id };
  await directoryIn(context).putOrganisation(organisation);
  logChange(context, "organisation_saved", id);
  return context.json(organisation);
}

/** Throws RouterError 404, or 409 while it has tenants. */
export async function removeOrganisation(context: HttpContext): Promise<Response> {
  const id = idIn(context, "organisation");
  const outcome = await directoryIn(context).removeOrganisation(id);
  if (outcome === "unknown") throw unknown("organisation", id);
  if (outcome === "in_use")
    throw conflict(
      `Organisation "${id}" pays for tenants; remove them, or give them another, first`,
      "organisation_in_use",
    );
  logChange(context, "organisation_removed", id);
  return context.json(removedView(id));
}
