/**
 * POST /v1/messages: Anthropic's, routed; and the count of a prompt's tokens.
 *
 * Knobs, headers and dry runs are those of /v1/chat/completions. A count is an estimate from the text, since
 * the model that will answer is not chosen yet.
 */
import { complete } from "../../pipeline/complete.ts";
import { estimateTokens } from "../../pipeline/route.ts";
import { commissionOf, elapsed, type HttpContext } from "../context.ts";
import { messageView } from "../wire/anthropic/answer.ts";
import { readMessages, readPromptOnly, wantsThinking } from "../wire/anthropic/request.ts";
import { messageEvents } from "../wire/anthropic/stream.ts";
import { streamResponse } from "../wire/event-stream.ts";
import { answerHeaders } from "../wire/headers.ts";
import { readJsonObject } from "../wire/json-body.ts";
import { readOrder } from "../wire/order.ts";
import { routeView } from "../wire/views.ts";

export async function messages(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const order = await readOrder(context, readMessages);
  const answer = await complete({ ...order, ...commissionOf(context) }, deps.pipeline);
  const headers = answerHeaders(answer, elapsed(context));
  if (answer.kind === "dry") return context.json(routeView(tag.id, answer.route), 200, headers);
  const frame = {
    requestId: tag.id,
    model: answer.origin.model,
    showsThinking: wantsThinking(order.request),
  };
  if (answer.kind === "whole")
    return context.json(messageView(answer.body, answer.counts, frame), 200, headers);
  const { inputTokens } = answer.origin;
  return streamResponse(context, answer, messageEvents({ ...frame, inputTokens }));
}

/** POST /v1/messages/count_tokens. */
export async function countTokens(context: HttpContext): Promise<Response> {
  const { deps } = context.var;
  const request = readPromptOnly(await readJsonObject(context.req.raw, deps.maxBodyBytes));
  return context.json({ input_tokens: estimateTokens(request, deps.pipeline) });
}
