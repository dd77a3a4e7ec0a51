/** GET /v1/budget: what the caller may spend and use, has spent and used, and when it begins anew. */
import { showBudget } from "../../pipeline/show-budget.ts";
import { elapsed, type HttpContext } from "../context.ts";
import { budgetView } from "../wire/budget-view.ts";
import { standingHeaders } from "../wire/standing-headers.ts";

export async function budget(context: HttpContext): Promise<Response> {
  const { caller, deps } = context.var;
  const shown = await showBudget([caller], deps.pipeline);
  const headers = standingHeaders(shown.standings, elapsed(context).nowMs);
  return context.json(budgetView(caller, shown), 200, headers);
}
