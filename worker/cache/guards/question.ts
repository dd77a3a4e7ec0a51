/**
 * Two prompts must not ask for different kinds of thing: a person, a time, a place, a reason, an amount.
 *
 * What is asked is told by the first question word. "What", "which" and plain "how" ask for anything, so they agree
 * with every other ("what year" is "when"), and so does a prompt without a question word.
 */
import { versus } from "./difference.ts";
import type { Text, Word } from "./text.ts";

const OPEN = new Set(["what", "which"]);
const KINDS = new Map([
  ["who", "who"],
  ["whom", "who"],
  ["whose", "who"],
  ["when", "when"],
  ["where", "where"],
  ["why", "why"],
]);
const MEASURES = new Set(
  "many much long old far tall big often fast deep heavy high hot cold".split(" "),
);

export function questionsDiffer(a: Text, b: Text): string | undefined {
  const [askedA, askedB] = [kindOf(a.words), kindOf(b.words)];
  if (askedA === undefined || askedB === undefined || askedA === askedB) return undefined;
  return versus(askedA, askedB);
}

function kindOf(words: readonly Word[]): string | undefined {
  for (const [at, { word }] of words.entries()) {
    const next = words[at + 1]?.word ?? "";
    if (word === "how") return measured(next, words[at + 2]?.word);
    if (OPEN.has(word)) return undefined;
    const kind = KINDS.get(word);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** What "how" asks for, by the words behind it. */
function measured(next: string, after?: string): string | undefined {
  if (next === "come") return "why";
  if (next === "much" && after === "time") return "how long";
  if (next === "much") return "how many";
  return MEASURES.has(next) ? `how ${next}` : undefined;
}
