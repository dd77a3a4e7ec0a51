/**
 * What operators see of the ledgers: where a tenant's budgets stand, and which requests were cut or lost, with the
 * money that is booked for them until the vendor's bill says what they cost.
 */
import { RouterError } from "../../../domain/errors.ts";
import { keyTermsSchema } from "../../../domain/tenant.ts";
import { ledgerUnreachable, showBudget } from "../../../pipeline/show-budget.ts";
import type { HttpContext } from "../../context.ts";
import { billSchema } from "../../wire/admin-bodies.ts";
import { listView, unbilledView } from "../../wire/admin-views.ts";
import { budgetView } from "../../wire/budget-view.ts";
import { bodyOf, directoryIn, idIn, logChange, unknown } from "./change.ts";

/** Of the tenant, its organisation and all of its keys. Throws RouterError 404, 503. */
export async function budgetOf(context: HttpContext): Promise<Response> {
  const { deps } = context.var;
  const directory = directoryIn(context);
  const id = idIn(context, "tenant");
  const [tenant, records] = await Promise.all([directory.tenant(id), directory.keys(id)]);
  if (tenant === undefined || records === undefined) throw unknown("tenant", id);
  const organisations = await directory.organisations();
  const organisation = organisations.find((other) => other.id === tenant.organisation) ?? {
    id: tenant.organisation ?? id,
    name: "",
    budgets: [],
  };
  const own = { organisation, tenant, key: { ...keyTermsSchema.parse({}), id: ALL_KEYS } };
  const limited = records.filter(
    ({ terms, revokedMs }) =>
      revokedMs === undefined && terms.budgets.length + terms.limits.length > 0,
  );
  const byKey = limited.map(({ id: key, terms }) => ({ ...own, key: { ...terms, id: key } }));
  return context.json(budgetView(own, await showBudget([own, ...byKey], deps.pipeline)));
}

/** Stands for the keys of a tenant where none is meant; nothing has this id. */
const ALL_KEYS = "key_all";

/**
 * Of an organisation that is gone as well, while something of it waits. Throws RouterError 404, 503, and 501 where no
 * ledger is kept.
 */
export async function unbilled(context: HttpContext): Promise<Response> {
  const organisation = idIn(context, "organisation");
  const requests = await asked(ledgersIn(context).unbilled(organisation));
  if (requests.length === 0) await requirePayer(context, organisation);
  return context.json(listView(requests.map(unbilledView)));
}

/**
 * Puts the vendor's bill in the place of what is booked. Throws RouterError 404 for any other request, and otherwise as
 * `unbilled` does.
 */
export async function settleByBill(context: HttpContext): Promise<Response> {
  const organisation = idIn(context, "organisation");
  const body = await bodyOf(context, billSchema);
  const { request_id: requestId, cost_usd: costUsd } = body;
  const costMicroUsd = Math.round(costUsd * 1e6);
  const bill = { requestId, costMicroUsd };
  const isSettled = await asked(ledgersIn(context).settleByBill(organisation, bill));
  if (!isSettled) {
    await requirePayer(context, organisation);
    throw new RouterError(
      "not_found_error",
      `request_id: no request of ${organisation} with this id waits for its bill; ` +
        `GET /admin/organisations/${organisation}/unbilled lists those that do`,
      { code: "not_unbilled", param: "request_id" },
    );
  }
  logChange(context, "bill_settled", requestId);
  return context.json({ object: "settlement", ...body });
}

/** Throws RouterError 404 for what the directory, where there is one, has neither as an organisation nor as a tenant of its own. */
async function requirePayer(context: HttpContext, id: string): Promise<void> {
  const { directory } = context.var.deps;
  if (directory === undefined) return;
  const [organisations, tenant] = await Promise.all([
    directory.organisations(),
    directory.tenant(id),
  ]);
  if (organisations.some((organisation) => organisation.id === id)) return;
  if (tenant === undefined) throw unknown("organisation", id);
  const { organisation: payer = id } = tenant;
  if (payer !== id)
    throw unknown(
      "organisation",
      id,
      `; the tenant of this id belongs to ${JSON.stringify(payer)}`,
    );
}

function ledgersIn({ var: { deps } }: HttpContext) {
  const { ledgers } = deps.admin;
  if (ledgers !== undefined) return ledgers;
  throw new RouterError(
    "server_error",
    "This deployment keeps no ledger; the binding LEDGER in wrangler.toml is where it would be",
    { code: "no_ledger", status: 501 },
  );
}

/** Throws RouterError 503 where the ledger did not answer. */
async function asked<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw ledgerUnreachable(cause);
  });
}
