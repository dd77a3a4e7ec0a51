/**
 * A request as likeness sees it: the last thing that the user says, which may be worded otherwise, and all the rest,
 * which may not differ in anything.
 */
import type { ChatRequest } from "../../domain/chat.ts";

export interface Phrase {
  readonly text: string;
  /** The request without the text. */
  readonly rest: ChatRequest;
}

/** Undefined where the request does not end with one text of the user's, or asks for several answers. */
export function phraseIn(request: ChatRequest): Phrase | undefined {
  const before = request.messages.slice(0, -1);
  const last = request.messages.at(-1);
  if (last?.role !== "user" || (request.n ?? 1) > 1) return undefined;
  const text = textIn(last.content);
  if (text === undefined || text.trim() === "") return undefined;
  return { text, rest: { ...request, messages: [...before, { ...last, content: "" }] } };
}

function textIn(content: ChatRequest["messages"][number]["content"]): string | undefined {
  if (!Array.isArray(content)) return content ?? undefined;
  const [part, ...more] = content;
  const isText = part?.type === "text" && Object.keys(part).length === 2;
  return isText && more.length === 0 ? part.text : undefined;
}
