/**
 * The part of a conversation that the lexical features read, in one canonical form.
 *
 * Only the head of the system text and the last user turn are read, and of a long text only its head
 * and its tail: instructions stand at the ends, and the work per request stays bounded whatever the
 * client sends. NFKC and lower case make one spelling of many; digits are kept.
 *
 * Invariant: the result is never longer than SYSTEM_CHARS + HEAD_CHARS + TAIL_CHARS plus what NFKC
 * expands, and normalising twice changes nothing that the tokeniser can see.
 */
import type { Prompt } from "./prompt.ts";

/** UTF-16 units kept of the system text, and of the head and the tail of the last user turn. */
const SYSTEM_CHARS = 256;
const HEAD_CHARS = 1024;
const TAIL_CHARS = 512;

export interface PromptText {
  readonly system: string;
  readonly user: string;
}

/** The ends of what is asked, with the system head. */
export function readPrompt(prompt: Prompt): PromptText {
  const system = prompt.turns.find((turn) => turn.role === "system")?.text ?? "";
  return { system: system.slice(0, SYSTEM_CHARS), user: ends(askedIn(prompt)) };
}

/** The whole text that waits for an answer: the last user turn, or the last turn where no user spoke. */
export function askedIn(prompt: Prompt): string {
  const last = prompt.turns.findLast((turn) => turn.role === "user") ?? prompt.turns.at(-1);
  return last === undefined || last.role === "system" ? "" : last.text;
}

/** One spelling for texts that look alike. Lone surrogates, which NFKC leaves, are harmless here. */
export function normalise(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function ends(text: string): string {
  if (text.length <= HEAD_CHARS + TAIL_CHARS) return text;
  return `${text.slice(0, HEAD_CHARS)}\n${text.slice(-TAIL_CHARS)}`;
}
