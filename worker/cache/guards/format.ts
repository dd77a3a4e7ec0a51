/**
 * Two prompts must ask for answers of one form: JSON or a table, a poem or an essay, one sentence or a long one.
 *
 * Words that hardly mean anything else count wherever they stand; the others where an answer is asked for in their
 * shape ("as a list", "write a letter"). Which language the answer is in, is language.ts's.
 */
import { setDifference } from "./difference.ts";
import type { Text, Word } from "./text.ts";

const CLEAR = [
  "json jsonl",
  "yaml yml",
  "xml",
  "csv",
  "markdown",
  "latex",
  "regex regexp",
  "table tabular",
  "bullet bullets bulleted",
  "numbered",
  "poem poems poetry verse rhyme",
  "haiku",
  "limerick",
  "sonnet",
  "essay",
  "tweet",
  "rap",
  "joke jokes",
  "summary summarise summarize summarized summarised tldr",
  "outline",
  "paragraph paragraphs",
  "sentence sentences",
  "pseudocode",
  "flowchart diagram",
  "briefly brief concise concisely succinctly succinct",
  "detailed detail depth thorough thoroughly elaborate",
  "formal formally",
  "informal casual casually",
] as const;

/** Whom an answer is for. */
const READERS = [
  "beginner beginners layman novice",
  "expert experts",
  "kid kids child children toddler",
] as const;

const SHAPES =
  "list letter email story song article report code speech dialogue recipe plan template number script";
const ASKS = new Set("as write compose draft format output return give only".split(" "));
const PASSED_OVER = new Set("a an the me it your with in by short long formal".split(" "));

function named(rows: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    rows.flatMap((row) => {
      const [canonical = "", ...others] = row.split(" ");
      return [canonical, ...others].map((word): [string, string] => [word, canonical]);
    }),
  );
}

const clearForms = named(CLEAR);
const readers = named(READERS);
const SERVES = new Set(["to", "for", "like"]);
const shapes = new Set(SHAPES.split(" "));

export function formatsDiffer(a: Text, b: Text): string | undefined {
  return setDifference(readFormats(a), readFormats(b));
}

function readFormats({ words }: Text): string[] {
  const formats: string[] = [];
  for (const [at, { word }] of words.entries()) {
    const reader = isBehind(words, at, SERVES) ? readers.get(word) : undefined;
    const form = clearForms.get(word) ?? reader;
    if (form !== undefined) formats.push(form);
    else if (asksForYes(words, at)) formats.push("yes or no");
    else if (asksForSteps(words, at)) formats.push("steps");
    else if (shapes.has(word) && isBehind(words, at, ASKS)) formats.push(word);
  }
  return formats;
}

/** "yes or no", "yes/no". */
function asksForYes(words: readonly Word[], at: number): boolean {
  const [joint, other] = [words[at + 1]?.word, words[at + 2]?.word];
  return words[at]!.word === "yes" && (joint === "or" || joint === "/") && other === "no";
}

/** "step by step", "step-by-step". */
function asksForSteps(words: readonly Word[], at: number): boolean {
  const { word } = words[at]!;
  const [next, after] = [words[at + 1]?.word, words[at + 2]?.word];
  return word === "step" && (next === "by" || (next === "-" && after === "by"));
}

/** Whether one of `heads` stands before a word, with nothing between them that matters. */
function isBehind(words: readonly Word[], at: number, heads: ReadonlySet<string>): boolean {
  let before = at - 1;
  while (before >= 0 && at - before < 4 && PASSED_OVER.has(words[before]!.word)) before--;
  return before >= 0 && heads.has(words[before]!.word);
}
