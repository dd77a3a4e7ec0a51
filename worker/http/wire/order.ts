/** A request off the wire: body and knobs, checked, as the pipeline wants them. */
import type { ChatRequest } from "../../domain/chat.ts";
import { parseModelName } from "../../pipeline/model-name.ts";
import type { Order } from "../../pipeline/route.ts";
import type { HttpContext } from "../context.ts";
import { readJsonObject } from "./json-body.ts";
import { readKnobs } from "./knobs.ts";

/** @param read The chat request that a body of this wire format asks for. Throws RouterError 400, 413 or 415. */
export async function readOrder(
  { req, var: { deps } }: HttpContext,
  read: (body: Record<string, unknown>) => ChatRequest,
): Promise<Order> {
  const body = await readJsonObject(req.raw, deps.maxBodyBytes);
  const request = read(body);
  const name = parseModelName(request.model);
  const preset = name.kind === "auto" ? name.preset : undefined;
  return { request, policy: readKnobs(req.raw.headers, { sluice: body["sluice"], preset }) };
}
