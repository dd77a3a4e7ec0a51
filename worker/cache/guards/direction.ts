/**
 * Two prompts must not have the same words in exchanged places: "from A to B" and "from B to A".
 *
 * An exchange shows in three ways. A preposition is followed by one word here and by another there, and each text has
 * both words: then they have changed roles. Or the texts are word for word the same but for two pieces that have
 * changed places around what stays; around "and", "or" and "vs" that changes nothing, nor does where an auxiliary
 * stands.
 *
 * And "who killed him" asks for the one who did it, "whom did he kill" for the other.
 *
 * A passive with the same words ("who was beaten by X") has no such mark and passes.
 */
import { versus } from "./difference.ts";
import { stem } from "./stem.ts";
import { isIdle } from "./synonyms.ts";
import { isMark, type Text, type Word } from "./text.ts";

const PREPOSITIONS = new Set(
  "from to into than over before after by against under above below inside causes affects".split(
    " ",
  ),
);
/** Persons by the case that they take as a subject. */
const PERSONS = new Map(
  "i me|he him|she her|we us|they them|you you".split("|").flatMap((pair) => {
    const [subject = "", object = ""] = pair.split(" ");
    return [[subject, subject] as const, [object, subject] as const];
  }),
);
const JOINTS = new Set("and or vs versus & , / between both".split(" "));
/** Words of a piece that is looked for in an exchange. */
const MAX_PIECE = 3;

export function directionsDiffer(a: Text, b: Text): string | undefined {
  return rolesDiffer(a, b) ?? piecesDiffer(a, b) ?? askedDiffer(a, b) ?? askedDiffer(b, a);
}

function rolesDiffer(a: Text, b: Text): string | undefined {
  const [rolesA, rolesB] = [readRoles(a.words), readRoles(b.words)];
  const [inA, inB] = [stemsOf(a.words), stemsOf(b.words)];
  for (const [preposition, fillersA] of rolesA) {
    const fillersB = rolesB.get(preposition) ?? new Set();
    const lostA = [...fillersA].find((word) => !fillersB.has(word) && inB.has(word));
    const lostB = [...fillersB].find((word) => !fillersA.has(word) && inA.has(word));
    if (lostA !== undefined && lostB !== undefined)
      return versus(`${preposition} ${lostA}`, `${preposition} ${lostB}`);
  }
  return undefined;
}

function stemsOf(words: readonly Word[]): Set<string> {
  return new Set(words.map(({ word }) => stem(word)));
}

/** Preposition → the stems that follow one, idle words passed over. */
function readRoles(words: readonly Word[]): Map<string, Set<string>> {
  const roles = new Map<string, Set<string>>();
  let open: string | undefined;
  for (const token of words) {
    const { word } = token;
    if (PREPOSITIONS.has(word)) open = word;
    else if (open !== undefined && !isIdle(word) && !isMark(token)) {
      roles.set(open, (roles.get(open) ?? new Set()).add(stem(word)));
      open = undefined;
    }
  }
  return roles;
}

const ASKS_FOR_ONE = new Set(["who", "whom", "what"]);
const SUPPORTS = new Set(["do", "does", "did"]);

/** Whether `a` asks who does something, and `b`, of the same doing, to whom. */
function askedDiffer(a: Text, b: Text): string | undefined {
  const doing = a.words.find((word, at) => !isIdle(word.word) && isAsked(a.words, at));
  const support = b.words.find(({ word }, at) => SUPPORTS.has(word) && isAsked(b.words, at));
  if (doing === undefined || support === undefined) return undefined;
  const isSame = stemsOf(b.words).has(stem(doing.word));
  return isSame ? versus(`who ${doing.word}`, `who ${support.word}`) : undefined;
}

function isAsked(words: readonly Word[], at: number): boolean {
  return ASKS_FOR_ONE.has(words[at - 1]?.word ?? "") && !isMark(words[at]!);
}

function piecesDiffer(a: Text, b: Text): string | undefined {
  const [rowA, rowB] = middles(rowOf(a.words), rowOf(b.words));
  if (rowA.length !== rowB.length || rowA.length < 2) return undefined;
  for (let head = 1; head <= MAX_PIECE; head++)
    for (let tail = 1; tail <= MAX_PIECE; tail++)
      if (isExchange([rowA, rowB], head, tail))
        return versus(rowA.slice(0, head).join(" "), rowA.slice(-tail).join(" "));
  return undefined;
}

function rowOf(words: readonly Word[]): string[] {
  return words
    .filter((word) => !isMark(word) || JOINTS.has(word.word))
    .map(({ word }) => PERSONS.get(word) ?? word);
}

/** Two rows without the words that both begin with, and those that both end with. */
function middles(a: readonly string[], b: readonly string[]): [string[], string[]] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}

/** Whether `b` is `a` with its first `head` and its last `tail` words exchanged. */
function isExchange([a, b]: [string[], string[]], head: number, tail: number): boolean {
  if (head + tail > a.length) return false;
  const between = a.slice(head, a.length - tail);
  if (between.length === 0 && head + tail > 2) return false;
  if (between.length > 0 && between.every((word) => JOINTS.has(word))) return false;
  const [first, last] = [a.slice(0, head), a.slice(a.length - tail)];
  if (first.every(isAuxiliary) || last.every(isAuxiliary)) return false;
  const exchanged = [...last, ...between, ...first];
  return exchanged.every((word, at) => word === b[at]);
}

function isAuxiliary(word: string): boolean {
  return isIdle(word) && !PERSONS.has(word);
}
