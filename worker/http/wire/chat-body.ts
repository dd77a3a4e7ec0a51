/** The body of a chat request in OpenAI's own format, which is the one inside as well. */
import { chatRequestSchema, type ChatRequest } from "../../domain/chat.ts";
import { readBody } from "./json-body.ts";

/** Throws RouterError 400. */
export function readChat(body: Record<string, unknown>): ChatRequest {
  return readBody(chatRequestSchema, body);
}
