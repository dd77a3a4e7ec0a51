/** POST /v1/chat/completions: OpenAI's, routed. With `x-sluice-dry-run: true` it only decides. */
import { complete } from "../../pipeline/complete.ts";
import { commissionOf, elapsed, type HttpContext } from "../context.ts";
import { readChat } from "../wire/chat-body.ts";
import { streamResponse } from "../wire/event-stream.ts";
import { answerHeaders } from "../wire/headers.ts";
import { readOrder } from "../wire/order.ts";
import { routeView } from "../wire/views.ts";

export async function chatCompletions(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const order = await readOrder(context, readChat);
  const answer = await complete({ ...order, ...commissionOf(context) }, deps.pipeline);
  if (answer.kind === "streamed") return streamResponse(context, answer);
  const headers = answerHeaders(answer, elapsed(context));
  if (answer.kind === "dry") return context.json(routeView(tag.id, answer.route), 200, headers);
  return new Response(answer.text, { headers: { ...headers, "content-type": "application/json" } });
}
