/** POST /v1/route: the decision that a chat request would get, and why; nobody is called. */
import { complete } from "../../pipeline/complete.ts";
import type { HttpContext } from "../context.ts";
import { readChat } from "../wire/chat-body.ts";
import { answerHeaders } from "../wire/headers.ts";
import { readOrder } from "../wire/order.ts";
import { routeView } from "../wire/views.ts";

export async function routeOnly(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const { request, policy } = await readOrder(context, readChat);
  const order = {
    request,
    policy: { ...policy, dry_run: true },
    tag,
    signal: context.req.raw.signal,
  };
  const answer = await complete(order, deps.pipeline);
  const totalMs = deps.pipeline.clock.nowMs() - tag.startedMs;
  return context.json(routeView(tag.id, answer.route), 200, answerHeaders(answer, totalMs));
}
