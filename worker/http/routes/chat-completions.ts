/** POST /v1/chat/completions: OpenAI's, routed. With `x-sluice-dry-run: true` it only decides. */
import { complete } from "../../pipeline/complete.ts";
import type { HttpContext } from "../context.ts";
import { answerHeaders } from "../wire/headers.ts";
import { readOrder } from "../wire/order.ts";
import { routeView } from "../wire/views.ts";

export async function chatCompletions(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const { signal } = context.req.raw;
  const order = await readOrder(context);
  const answer = await complete({ ...order, tag, signal }, deps.pipeline);
  const headers = answerHeaders(answer, deps.pipeline.clock.nowMs() - tag.startedMs);
  if (answer.kind === "dry") return context.json(routeView(tag.id, answer.route), 200, headers);
  if (answer.kind === "whole")
    return new Response(answer.text, {
      headers: { ...headers, "content-type": "application/json" },
    });
  // Until the stream has ended the isolate must live, or its cost would go unrecorded.
  context.executionCtx.waitUntil(answer.ended);
  return new Response(answer.bytes, {
    headers: {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
    },
  });
}
