/** /admin/tenants/:id/feedback: what a tenant has said of its answers, page by page, and how it is forgotten. */
import { feedbackUnreachable } from "../../../pipeline/give-feedback.ts";
import type { HttpContext } from "../../context.ts";
import { feedbackListView, pageIn } from "../../wire/feedback.ts";
import { storeIn } from "../feedback.ts";
import { idIn, logChange } from "./change.ts";

/** Of a tenant that is gone as well: what its last requests have said. */
export async function listFeedback(context: HttpContext): Promise<Response> {
  const page = pageIn(context.req.query());
  const tenant = idIn(context, "tenant");
  const kept = await storeIn(context).list(tenant, page).catch(feedbackUnreachable);
  return context.json(feedbackListView(kept, page.limit));
}

export async function eraseFeedback(context: HttpContext): Promise<Response> {
  const tenant = idIn(context, "tenant");
  await storeIn(context).erase(tenant).catch(feedbackUnreachable);
  logChange(context, "feedback_erased", tenant);
  return context.json({ object: "feedback_erasure", tenant });
}
