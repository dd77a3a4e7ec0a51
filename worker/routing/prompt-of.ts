/**
 * A chat request as the router sees it: turns of text, and counts of what is not text.
 *
 * "developer" is OpenAI's newer name for "system", "function" its older name for "tool".
 */
import type { Prompt, Role } from "../../router-models/features/prompt.ts";
import type { ChatMessage, ChatRequest } from "../domain/chat.ts";

const ROLE: Record<ChatMessage["role"], Role> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
};

type ContentPart = Extract<ChatMessage["content"], readonly unknown[]>[number];
type PromptFields = Pick<ChatRequest, "messages" | "tools" | "response_format">;

export function promptOf({ messages, tools, response_format: format }: PromptFields): Prompt {
  return {
    turns: messages.map(({ role, content }) => ({ role: ROLE[role], text: textOf(content) })),
    imageCount: countParts(messages, "image_url"),
    toolCount: tools?.length ?? 0,
    wantsJson: format?.type === "json_object" || format?.type === "json_schema",
  };
}

/** Content parts of one type, over all messages: "image_url", "input_audio", … */
export function partsOf(messages: readonly ChatMessage[], type: string): ContentPart[] {
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? content.filter((part) => part.type === type) : [],
  );
}

/** How many there are. */
export function countParts(messages: readonly ChatMessage[], type: string): number {
  return partsOf(messages, type).length;
}

function textOf(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => part.text ?? "").join("\n");
}
