/** /admin/tenants/:id/events: what is kept of a tenant's decisions, and how it is forgotten. */
import { RouterError } from "../../../domain/errors.ts";
import type { EventKeeper } from "../../../domain/event-standing.ts";
import type { HttpContext } from "../../context.ts";
import { eventView } from "../../wire/event-view.ts";
import { idIn, logChange } from "./change.ts";

/** Of a tenant that is gone as well. Throws RouterError 404, 501, 503. */
export async function eventsOf(context: HttpContext): Promise<Response> {
  const keeper = keeperIn(context);
  const id = idIn(context, "tenant");
  return context.json(eventView(id, await keeper.standing(id).catch(eventsUnreachable)));
}

/** Rows and files. Throws RouterError 404, 501, 503. */
export async function eraseEvents(context: HttpContext): Promise<Response> {
  const keeper = keeperIn(context);
  const id = idIn(context, "tenant");
  await keeper.erase(id).catch(eventsUnreachable);
  logChange(context, "events_erased", id);
  return context.json({ object: "event_erasure", tenant: id });
}

/** The same where there are any, for a tenant that is removed. Throws RouterError 503. */
export async function eraseKeptEvents(context: HttpContext): Promise<void> {
  await context.var.deps.events?.erase(idIn(context, "tenant")).catch(eventsUnreachable);
}

/** Throws RouterError 501. */
function keeperIn({ var: { deps } }: HttpContext): EventKeeper {
  if (deps.events !== undefined) return deps.events;
  throw new RouterError(
    "server_error",
    "This deployment keeps no events; the binding JOURNAL in wrangler.toml is where they would be",
    { code: "no_events", status: 501 },
  );
}

function eventsUnreachable(cause: unknown): never {
  throw new RouterError("server_error", "Events cannot be reached at the moment; try again", {
    code: "events_unreachable",
    status: 503,
    isRetryable: true,
    cause,
  });
}
