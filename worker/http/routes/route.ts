/** POST /v1/route: the decision that a chat request would get, and why; nobody is called. */
import { decideOnly } from "../../pipeline/complete.ts";
import { commissionOf, elapsed, type HttpContext } from "../context.ts";
import { readChat } from "../wire/chat-body.ts";
import { answerHeaders } from "../wire/headers.ts";
import { readOrder } from "../wire/order.ts";
import { routeView } from "../wire/views.ts";

export async function routeOnly(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const order = await readOrder(context, readChat, true);
  const answer = await decideOnly({ ...order, ...commissionOf(context) }, deps.pipeline);
  const headers = answerHeaders(answer, elapsed(context));
  return context.json(routeView(tag.id, answer.route), 200, headers);
}
