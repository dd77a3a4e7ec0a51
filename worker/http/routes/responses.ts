/** POST /v1/responses: OpenAI's Responses API, routed. With `x-sluice-dry-run: true` it only decides. */
import { isRecord } from "../../lib/json.ts";
import { complete } from "../../pipeline/complete.ts";
import { usageOf } from "../../pipeline/usage.ts";
import { commissionOf, elapsed, type HttpContext } from "../context.ts";
import { streamResponse } from "../wire/event-stream.ts";
import { answerHeaders } from "../wire/headers.ts";
import { readBody, readJsonObject } from "../wire/json-body.ts";
import { orderOf } from "../wire/order.ts";
import { chatRequestOf } from "../wire/responses/chat-request.ts";
import { responsesRequestSchema } from "../wire/responses/request-schema.ts";
import { frameOf } from "../wire/responses/response-object.ts";
import { responseEvents, wholeResponse } from "../wire/responses/response-stream.ts";
import { routeView } from "../wire/views.ts";

export async function responses(context: HttpContext): Promise<Response> {
  const { tag, deps } = context.var;
  const body = await readJsonObject(context.req.raw, deps.maxBodyBytes);
  const asked = readBody(responsesRequestSchema, body);
  const order = orderOf(context, body, { request: chatRequestOf(asked) });
  const answer = await complete({ ...order, ...commissionOf(context) }, deps.pipeline);
  const headers = answerHeaders(answer, elapsed(context));
  if (answer.kind === "dry") return context.json(routeView(tag.id, answer.route), 200, headers);
  const frame = frameOf(asked, tag, answer.origin.model);
  if (answer.kind === "streamed") return streamResponse(context, answer, responseEvents(frame));
  const { usage } = answer.body;
  const completion = {
    ...answer.body,
    usage: isRecord(usage) ? usage : usageOf(answer.counts),
    sluice: answer.receipt,
  };
  return context.json(wholeResponse(frame, completion), 200, headers);
}
