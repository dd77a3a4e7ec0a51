/**
 * An answer as it is compared with another: what it says of its own, what it only repeats of its question, and its
 * numbers.
 *
 * Numbers are told by their value in whatever spelling, names by the thing that they name; other words by their
 * stems.
 */
import { NAMES } from "../guards/names.ts";
import { readNumbers } from "../guards/numbers.ts";
import { stem } from "../guards/stem.ts";
import { isIdle } from "../guards/synonyms.ts";
import { isMark, type Text } from "../guards/text.ts";
import { HANGING, unitBeside } from "../guards/unit-names.ts";

export interface AnswerWords {
  /** All words without marks, in one row. */
  readonly row: string;
  /** Stems of all words. */
  readonly stems: ReadonlySet<string>;
  /** Of those that carry meaning. */
  readonly meant: ReadonlySet<string>;
  /** Of those that are the question's. */
  readonly echo: ReadonlySet<string>;
  /** Stems of the others, in their order, without numbers. */
  readonly own: readonly string[];
  /** Values of the numbers that are not the question's, in their order. */
  readonly numbers: readonly string[];
  /** Units beside any number. */
  readonly units: ReadonlySet<string>;
  /** The one known thing that it consists of, but for the question's words. */
  readonly name: string | undefined;
}

export function readAnswer({ words }: Text, question: Text): AnswerWords {
  const asked = new Set(question.words.map(({ word }) => stem(word)));
  const askedNumbers = new Set(readNumbers(question.words).map(({ value }) => value));
  const numbers = readNumbers(words);
  const inNumbers = new Set(numbers.flatMap(({ from, to }) => words.slice(from, to)));
  const plain = words.filter((word) => !isMark(word));
  const meant = plain.filter(({ word }) => !isIdle(word));
  const own = meant.filter((word) => !asked.has(stem(word.word)) && !inNumbers.has(word));
  const behind = numbers.flatMap(({ to }) => words[to] ?? []);
  const units = behind.filter(({ word, isGlued }) => isGlued || !HANGING.has(word));
  const meanings = meant.map(({ word }) => stem(word));
  return {
    row: plain.map(({ word }) => word).join(" "),
    stems: new Set(plain.map(({ word }) => stem(word))),
    meant: new Set(meanings),
    echo: new Set(meanings.filter((meaning) => asked.has(meaning))),
    own: own.map(({ word }) => stem(word)),
    numbers: numbers.map(({ value }) => value).filter((value) => !askedNumbers.has(value)),
    units: new Set(units.flatMap(({ word }) => unitBeside(word) ?? [])),
    name: NAMES.get(own.map(({ word }) => word).join(" "))?.canonical,
  };
}

export function isWithin(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return part.size <= whole.size && [...part].every((item) => whole.has(item));
}

export function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && isWithin(a, b);
}

/** Jaccard's index, 0 to 1; 0 for two empty sets. */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((item) => b.has(item)).length;
  return common / Math.max(a.size + b.size - common, 1);
}
