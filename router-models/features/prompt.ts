/**
 * What a router sees of a request: who said what, and what kind of answer is wanted.
 *
 * This is the door between a wire format and the features. Every wire format is translated into it
 * once (worker/routing/prompt-of.ts), training rows too, so the router cannot tell where a prompt
 * came from. Images, tools and JSON mode arrive as counts and flags: their content is never read.
 */

export type Role = "system" | "user" | "assistant" | "tool";

export interface Turn {
  readonly role: Role;
  readonly text: string;
}

export interface Prompt {
  readonly turns: readonly Turn[];
  readonly imageCount: number;
  readonly toolCount: number;
  /** The answer must be JSON: `response_format` of type json_object or json_schema. */
  readonly wantsJson: boolean;
}

/** A prompt that is one user turn, as rows of an outcome file are. */
export function promptOfText(text: string): Prompt {
  return { turns: [{ role: "user", text }], imageCount: 0, toolCount: 0, wantsJson: false };
}
