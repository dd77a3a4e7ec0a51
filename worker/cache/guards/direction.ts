/**
 * Two prompts must not have the same words in exchanged places: "from A to B" and "from B to A".
 *
 * An exchange shows in two ways. A preposition is followed by one word here and by another there, and each text has both
 * words: then they have changed roles. Or the texts are word for word the same but for two pieces that have changed
 * places around what stays; around "and", "or" and "vs" that changes nothing, nor does where an auxiliary stands.
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
const JOINTS = new Set("and or vs versus with & , / between both".split(" "));
/** Words of a piece that is looked for in an exchange. */
const MAX_PIECE = 3;

export function directionsDiffer(a: Text, b: Text): string | undefined {
  return rolesDiffer(a, b) ?? piecesDiffer(a, b);
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
  return words.filter((word) => !isMark(word) || JOINTS.has(word.word)).map(({ word }) => word);
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
  if (first.every(isIdle) || last.every(isIdle)) return false;
  const exchanged = [...last, ...between, ...first];
  return exchanged.every((word, at) => word === b[at]);
}
