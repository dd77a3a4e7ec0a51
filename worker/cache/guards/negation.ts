/**
 * Two prompts must deny as often as one another, and be on the same side of every opposite that both mention.
 *
 * "Not", its kin and its prefixes are counted, so that "is it impossible" is "is it not possible". Where either has a
 * word with a negating prefix and the other that word without it, they are opposed as well. Opposites are rows of
 * antonyms.ts: both prompts must mention the same sides, or one of them none.
 *
 * It reads no scopes: "not cheap but good" and "cheap but not good" have one "not" each. Rhetorical denials ("isn't
 * it?") count like others, which refuses more than it must.
 */
import { sidesOf } from "./antonyms.ts";
import { shortened, versus } from "./difference.ts";
import { stem } from "./stem.ts";
import type { Text, Word } from "./text.ts";

const NEGATORS = new Set(
  (
    "not no never none nobody nothing nowhere neither nor without except unless hardly barely rarely seldom " +
    "lack lacks lacking avoid avoids avoiding nicht kein keine keinen keiner nie niemals ohne pas jamais sans " +
    "nunca jamás non senza não sem niet geen zonder nooit inte aldrig не нет без никогда 不 没 無 无 未 別 别"
  ).split(" "),
);
/** With a negation inside; what they negate is said otherwise as well. */
const NEGATED = new Set(
  (
    "unable impossible incorrect invalid illegal unsafe unhealthy unhappy unfair unlikely unknown unnecessary " +
    "unethical irrelevant irresponsible irrational illogical immoral impolite impatient imperfect inaccurate " +
    "inactive inadequate inappropriate incapable incompatible incomplete inconsistent independent indirect " +
    "ineffective inefficient inexpensive infinite informal insecure insufficient invisible dishonest disobey " +
    "disagree nonexistent untrue unreliable unstable unusual unemployed unpaid unwanted useless harmless"
  ).split(" "),
);
const PREFIXES = ["un", "in", "im", "ir", "il", "dis", "non", "mis", "de", "anti"];
const LEAST_ROOT = 4;
/** Japanese says it inside its verbs. */
const KANA = /ない|ません|ずに/g;

export function negationsDiffer(a: Text, b: Text): string | undefined {
  return countsDiffer(a, b) ?? prefixesDiffer(a, b) ?? oppositesDiffer(a, b);
}

function countsDiffer(a: Text, b: Text): string | undefined {
  const [inA, inB] = [readNegations(a), readNegations(b)];
  return inA.length === inB.length ? undefined : versus(inA.join(" "), inB.join(" "));
}

function readNegations({ words, plain }: Text): string[] {
  const found = words.filter(isNegation).map(({ word }) => word);
  return [...found, ...(plain.match(KANA) ?? [])];
}

function isNegation({ word }: Word, at: number, words: readonly Word[]): boolean {
  if (NEGATED.has(word)) return true;
  const after = words[at + 1]?.word ?? "";
  if (/^fail(?:s|ed|ing)?$/.test(word)) return after === "to";
  if (!NEGATORS.has(word) || isInPhrase(words, at)) return false;
  const isNumero = word === "no" && after === "." && /^\p{Nd}/u.test(words[at + 2]?.word ?? "");
  return !isNumero;
}

function prefixesDiffer(a: Text, b: Text): string | undefined {
  return prefixedIn(a, b) ?? prefixedIn(b, a);
}

/** A word of `a` that denies one of `b`, where neither text has both. */
function prefixedIn(a: Text, b: Text): string | undefined {
  const [inA, inB] = [stemsOf(a), stemsOf(b)];
  for (const word of inA) {
    if (NEGATED.has(word) || inB.has(word)) continue;
    for (const prefix of PREFIXES) {
      const root = word.slice(prefix.length);
      if (!word.startsWith(prefix) || root.length < LEAST_ROOT) continue;
      if (inB.has(root) && !inA.has(root)) return versus(word, root);
    }
  }
  return undefined;
}

function stemsOf({ words }: Text): Set<string> {
  return new Set(words.map(({ word }) => (NEGATED.has(word) ? word : stem(word))));
}

function oppositesDiffer(a: Text, b: Text): string | undefined {
  const [inA, inB] = [readSides(a), readSides(b)];
  for (const [row, sidesA] of inA) {
    const sidesB = inB.get(row);
    if (sidesB === undefined || sidesA.mentions === sidesB.mentions) continue;
    const isLoose = !sidesA.isStrict && (sidesA.mentions === "both" || sidesB.mentions === "both");
    if (!isLoose) return shortened(row);
  }
  return undefined;
}

interface Sides {
  readonly isStrict: boolean;
  readonly mentions: "left" | "right" | "both";
}

function readSides({ words }: Text): Map<string, Sides> {
  const found = new Map<string, Sides>();
  for (const [at, { word }] of words.entries()) {
    if (isParticle(words, at)) continue;
    for (const { row, side, isStrict } of sidesOf(word)) {
      const before = found.get(row)?.mentions ?? side;
      found.set(row, { isStrict, mentions: before === side ? side : "both" });
    }
  }
  return found;
}

/** Words that mean nothing of their own in a phrase: with the words before them ("-at": "at least") and behind them. */
const PHRASES = new Map([
  ["not", "-or only just"],
  ["no", "-or matter"],
  ["out", "-find -figure -work -check -point -carry -fill"],
  ["least", "-at"],
  ["most", "-at"],
  ["let", "us me"],
  ["after", "all"],
  ["many", "-how -as -so -too"],
]);

function isInPhrase(words: readonly Word[], at: number): boolean {
  const phrases = PHRASES.get(words[at]!.word)?.split(" ") ?? [];
  return phrases.includes(`-${words[at - 1]?.word}`) || phrases.includes(words[at + 1]?.word ?? "");
}

/** "look like", "I'd like to" are no more on a side than words of a phrase. */
function isParticle(words: readonly Word[], at: number): boolean {
  if (words[at]!.word !== "like") return isInPhrase(words, at);
  return words[at + 1]?.word === "to" || words[at - 1]?.word !== "i";
}
