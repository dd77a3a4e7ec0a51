/** A request off the wire: body and knobs, checked, as the pipeline wants them. */
import type { ChatRequest } from "../../domain/chat.ts";
import { parseModelName } from "../../pipeline/model-name.ts";
import type { Order } from "../../pipeline/route.ts";
import type { HttpContext } from "../context.ts";
import { readJsonObject } from "./json-body.ts";
import { readKnobs } from "./knobs.ts";

/** @param read The chat request that a body of this wire format asks for. Throws RouterError 400, 413 or 415. */
export async function readOrder(
  context: HttpContext,
  read: (body: Record<string, unknown>) => ChatRequest,
): Promise<Order> {
  const body = await readJsonObject(context.req.raw, context.var.deps.maxBodyBytes);
  return orderOf(context, body, read(body));
}

/** A chat request with the knobs that came with it, in headers and in the body. Throws RouterError 400. */
export function orderOf(
  { req }: HttpContext,
  { sluice }: Record<string, unknown>,
  request: ChatRequest,
): Order {
  const name = parseModelName(request.model);
  const preset = name.kind === "auto" ? name.preset : undefined;
  return { request, policy: readKnobs(req.raw.headers, { sluice, preset }) };
}
