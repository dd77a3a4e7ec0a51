/** A request off the wire: body and knobs, checked, as the pipeline wants them. */
import type { ChatRequest } from "../../domain/chat.ts";
import { parseModelName } from "../../pipeline/model-name.ts";
import type { Order } from "../../pipeline/route.ts";
import type { HttpContext } from "../context.ts";
import { readJsonObject } from "./json-body.ts";
import { policyOf } from "./terms.ts";

/**
 * @param read The chat request that a body of this wire format asks for.
 * @param isDry For a route that only ever decides. Throws RouterError 400, 403, 413 or 415.
 */
export async function readOrder(
  context: HttpContext,
  read: (body: Record<string, unknown>) => ChatRequest,
  isDry = false,
): Promise<Order> {
  const body = await readJsonObject(context.req.raw, context.var.deps.maxBodyBytes);
  return orderOf(context, body, { request: read(body), isDry });
}

/** A chat request with the knobs that came with it, in headers and in the body. Throws RouterError 400 or 403. */
export function orderOf(
  context: HttpContext,
  { sluice }: Record<string, unknown>,
  { request, isDry }: { request: ChatRequest; isDry?: boolean | undefined },
): Order {
  const name = parseModelName(request.model);
  const preset = name.kind === "auto" ? name.preset : undefined;
  return { request, ...policyOf(context, { sluice, preset, isDry }) };
}
