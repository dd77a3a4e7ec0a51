/**
 * Two prompts must not be the same but for what they are about: "how to cook rice" and "how to cook pasta".
 *
 * The closest pairs of all differ in one place, and no embedding tells whether what stands there is a synonym or
 * another thing. So of the words that carry meaning each is looked for in the other prompt, by its stem and its
 * synonyms; where both prompts have a word or two of their own, they are about two things. A word that one prompt
 * merely adds is let pass, and so are prompts that differ in more: those are for the similarity to judge.
 */
import { CODE_NAMES } from "./code-names.ts";
import { versus } from "./difference.ts";
import { NAMES } from "./names.ts";
import { readNumbers } from "./numbers.ts";
import { stem } from "./stem.ts";
import { isIdle, rowsOf } from "./synonyms.ts";
import { isMark, type Text, type Word } from "./text.ts";

/** Words of its own up to which a prompt is close enough to the other to be mistaken for it. */
const MAX_WORDS = 2;

export function subjectsDiffer(a: Text, b: Text): string | undefined {
  const [inA, inB] = [readSubjects(a), readSubjects(b)];
  const [ownA, ownB] = [ownWords(inA, inB), ownWords(inB, inA)];
  if (ownA.length === 0 || ownB.length === 0) return undefined;
  if (ownA.length > MAX_WORDS || ownB.length > MAX_WORDS) return undefined;
  return versus(ownA.join(" "), ownB.join(" "));
}

/** Stems, each once, of the words that are neither idle nor numbers. */
export function readSubjects({ words }: Pick<Text, "words">): Set<string> {
  const inNumbers = new Set<number>();
  for (const { from, to } of readNumbers(words))
    for (let at = from; at < to; at++) inNumbers.add(at);
  const subjects = words.filter(
    (word, at) => !inNumbers.has(at) && !isMark(word) && !isIdleHere(word),
  );
  return new Set(subjects.flatMap(({ word }) => unaliased(word).map(stem)));
}

/** The words without a like in the other text, as many as matter. */
export function ownWords(words: ReadonlySet<string>, others: ReadonlySet<string>): string[] {
  const rows = new Set([...others].flatMap((other) => rowsOf(other)));
  return [...words].filter(
    (word) => !others.has(word) && !rowsOf(word).some((row) => rows.has(row)),
  );
}

/** A word, or the words of what it is another name for. */
function unaliased(word: string): string[] {
  const thing = CODE_NAMES.get(word) ?? NAMES.get(word)?.canonical ?? word;
  return thing.split(" ");
}

/** "List three" asks; a list in Python is a thing. */
function isIdleHere({ word, opens }: Word): boolean {
  return isIdle(word) || (opens && (word === "list" || word === "name"));
}
