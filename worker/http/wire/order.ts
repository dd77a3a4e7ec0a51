/** A chat request off the wire: body and knobs, checked, as the pipeline wants them. */
import { parseModelName } from "../../pipeline/model-name.ts";
import type { Order } from "../../pipeline/route.ts";
import type { HttpContext } from "../context.ts";
import { readChatBody } from "./chat-body.ts";
import { readKnobs } from "./knobs.ts";

/** Throws RouterError 400, 413 or 415. */
export async function readOrder({ req, var: { deps } }: HttpContext): Promise<Order> {
  const { chat, raw } = await readChatBody(req.raw, deps.maxBodyBytes);
  const name = parseModelName(chat.model);
  const preset = name.kind === "auto" ? name.preset : undefined;
  return { request: chat, policy: readKnobs(req.raw.headers, { sluice: raw["sluice"], preset }) };
}
